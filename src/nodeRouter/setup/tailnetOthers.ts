// Machines of the tailnet that are no nodes yet: what `init` points out. Pure but for the question.
import { indexPeers } from "../../presence/sources/tailscale/match.ts";
import { createTailnetReader } from "../../presence/sources/tailscale/reader.ts";
import { isForeign, type TailnetStatus } from "../../presence/sources/tailscale/status.ts";

/** tailscaled answers in milliseconds. */
const READ_TIMEOUT_MS = 2_000;

/** All of the tailnet; null: there is none, or nobody can say. Never rejects. */
export async function wholeTailnet(): Promise<TailnetStatus | null> {
  const read = await createTailnetReader()
    .status(() => true, READ_TIMEOUT_MS)
    .catch(() => null);
  return read?.kind === "status" ? read.status : null;
}

/**
 * First labels of the peers that are online, in order. Neither foreign ones nor phones and televisions are among them.
 * @param names by which the nodes that there are may be found on the tailnet.
 */
export function tailnetOthers(status: TailnetStatus | null, names: readonly string[]): readonly string[] {
  if (status === null || status.state !== "Running") return [];
  const find = indexPeers(status.peers, status.suffix);
  const taken = new Set(
    names.flatMap((name) => {
      const match = find(name);
      return match.kind === "peer" ? [match.peer] : [];
    }),
  );
  return status.peers
    .filter((peer) => !taken.has(peer) && peer.online === true && !isForeign(peer, status.suffix))
    .filter(({ os }) => os === null || !HELD_IN_HAND.test(os))
    .flatMap(({ names: { dnsName } }) => dnsName.split(".", 1)[0] || [])
    .sort();
}

const HELD_IN_HAND = /^(ios|ipados|android|tvos)$/i;
