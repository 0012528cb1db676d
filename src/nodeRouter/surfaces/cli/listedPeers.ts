// Peers by `-l`: which of them a selector means, with the same tags as rules of delegation see.
import { nodeTags } from "../../inventory/nodeTags.ts";
import type { PeerReport, PeersReport } from "../reports/peersReport.ts";
import { selected } from "./listing.ts";

/** Names of the peers that match; null: no selector was given. */
export function selectedPeers(
  { peers }: Pick<PeersReport, "peers">,
  selector: string | undefined,
): ReadonlySet<string> | null {
  if (selector === undefined) return null;
  return selected(
    peers.map((peer) => ({ name: peer.name, tags: tagsOf(peer) })),
    selector,
  );
}

function tagsOf({ name, tags, location }: PeerReport): ReturnType<typeof nodeTags> {
  const configured = new Map(
    tags.map((tag) => {
      const [, key = tag, value = ""] = /^([^=]*)=(.*)$/s.exec(tag) ?? [];
      return [key, value] as const;
    }),
  );
  return nodeTags({
    name,
    os: null,
    arch: null,
    paired: false,
    ssh: false,
    location,
    timeZone: location?.timeZone ?? null,
    tailnetTags: [],
    configured,
  });
}
