// How many shells wait ahead of use: a few always, and more while commands have to wait for one. Pure.

export interface Demand {
  /** Shells to keep ready. */
  readonly stock: number;
  /** Most commands that ran or waited at the same time, in this spell. */
  readonly busiest: number;
  /** Fewest shells that were ready, in this spell: so many were not needed. */
  readonly spare: number;
}

/** After which what was not needed is given back. A model seldom thinks longer between two calls. */
export const SPELL_MS = 60_000;

/**
 * A stream of commands back to back uses a shell a round trip, and to open one takes two: so many more than run now
 * are of use, and where each still waits for one, the node is busy rather than short of them.
 */
const A_COMMAND = 2;

/** @param floor shells that are kept ready whatever is asked for; 0: none ever wait ahead of use. */
export function noDemand(floor: number): Demand {
  return { stock: floor, busiest: 0, spare: 0 };
}

/**
 * A command is asked for.
 * @param busy commands that run or wait, this one among them.
 * @param waits whether no shell is ready for it.
 */
export function afterAsk(demand: Demand, floor: number, busy: number, waits: boolean): Demand {
  const busiest = Math.max(demand.busiest, busy);
  const isShort = waits && floor > 0 && demand.stock < floor + A_COMMAND * busiest;
  return { ...demand, busiest, stock: demand.stock + (isShort ? 1 : 0) };
}

/** A shell was used. @param free shells that are ready now. */
export function afterUse(demand: Demand, free: number): Demand {
  return { ...demand, spare: Math.min(demand.spare, free) };
}

/**
 * A spell is over, and the next begins. What was wanted and there was no room for is not wanted any longer.
 * @param busy commands that run or wait.
 * @param free shells that are ready, and `warming` those on their way up.
 */
export function afterSpell(
  { stock, spare }: Demand,
  floor: number,
  { busy, free, warming }: { readonly busy: number; readonly free: number; readonly warming: number },
): Demand {
  return {
    stock: Math.max(floor, Math.min(stock, busy + free + warming) - spare),
    busiest: busy,
    spare: free,
  };
}
