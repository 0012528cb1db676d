// Whether a request over the tailnet comes from the machine that its peer's config names.
import { normalName } from "../../../presence/sources/tailscale/peer.ts";
import { createTailnetReader, type TailnetReader } from "../../../presence/sources/tailscale/reader.ts";
import { BoundedMap } from "../../../shared/bounded.ts";

/** An address stays a machine's for long; one that it lost is noticed within so long. */
const KNOWN_MS = 60_000;
const ASK_MS = 3_000;
const MAX_KNOWN = 100;

/**
 * @param now epoch ms
 * @returns as `DoorNeeds.isMachineAt`: only the tailnet's own name for it counts, which no machine chooses by itself
 */
export function tailnetAddresses(
  now: () => number,
  reader: Pick<TailnetReader, "status"> = createTailnetReader(),
): (machine: string, address: string) => Promise<boolean> {
  const known = new BoundedMap<string, { readonly name: string; readonly atMs: number }>(MAX_KNOWN);
  return async (machine, given) => {
    const address = normalName(given.replace(/^::ffff:/i, ""));
    let found = known.get(address);
    if (found === undefined || Math.abs(now() - found.atMs) > KNOWN_MS) {
      const read = await reader.status(({ addresses }) => addresses.includes(address), ASK_MS);
      const peers = read.kind === "status" ? read.status.peers : [];
      const owner = peers.find(({ names }) => names.addresses.includes(address));
      if (owner === undefined) return false;
      found = { name: owner.names.dnsName, atMs: now() };
      known.set(address, found);
    }
    const wanted = normalName(machine);
    return wanted !== "" && (found.name === wanted || found.name.startsWith(`${wanted}.`));
  };
}
