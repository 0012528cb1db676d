// Where our routes are. Known at start, when what answers there is not loaded yet.

/** Where the routes begin; one prefix, so that one grant of the Control UI covers page, files and data. */
export const ROOT = "/plugins/node-router";

/**
 * The page's data for who has a ticket (ticket.ts). Not under ROOT: there the gateway authenticates, and refuses what comes
 * without its cookie before we see it.
 */
export const TICKET_PATH = "/node-router/page-data";

/** What the tab shows. */
export const PAGE_PATH = `${ROOT}/nodes`;
