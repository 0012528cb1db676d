// How far back the page and chat look into the ledger: a list that is as long may begin in the middle.

/** Calls; of these the page shows some: to look for more at every answer would read all that there is. */
export const NEWEST_CALLS = 300;
