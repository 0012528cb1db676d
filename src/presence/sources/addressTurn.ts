// When a node is asked for its own public address, and what it said last: the same for every transport.

/** One node's turn; a new one is due at once. */
export interface AddressTurn {
  /** Of the monotonic clock. */
  dueMs: number;
  /** Whom the address was asked of. */
  url: string | null;
  address: { readonly value: string; readonly atMs: number } | null;
}

/** Where the service is, and what time it is. */
export interface AddressOptions {
  /** Epoch ms. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
  /** https URL that answers with the caller's address, asked by the node itself; null: nobody is asked. */
  readonly publicAddressUrl?: () => string | null;
}

const EVERY_MS = 30 * 60_000;
const AGAIN_MS = 5 * 60_000;

export function newAddressTurn(): AddressTurn {
  return { dueMs: 0, url: null, address: null };
}

/**
 * Has the node asked when it is due. An address of another service's is forgotten; of silence the last one grows old.
 *
 * SECURITY: only with a URL of the operator's: the service learns that the node is there.
 * @param ask by the node itself; null: no answer.
 */
export async function refreshAddress(
  turn: AddressTurn,
  { now, monotonic, publicAddressUrl = () => null }: AddressOptions,
  ask: (url: string) => Promise<string | null>,
): Promise<void> {
  const url = publicAddressUrl();
  if (turn.url !== url) Object.assign(turn, { url, address: null, dueMs: 0 });
  if (url === null || turn.dueMs > monotonic()) return;
  const value = await ask(url);
  if (value !== null) turn.address = { value, atMs: now() };
  turn.dueMs = monotonic() + (value === null ? AGAIN_MS : EVERY_MS);
}

/** What an observation says besides: the address is as old as its own question. */
export function addressFacts({ address }: AddressTurn): {
  readonly facts: { readonly publicAddress?: string };
  readonly factAtMs?: { readonly publicAddress: number };
} {
  if (address === null) return { facts: {} };
  return { facts: { publicAddress: address.value }, factAtMs: { publicAddress: address.atMs } };
}
