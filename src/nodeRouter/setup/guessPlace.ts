// Where a machine is that nobody has said it of: what the tailnet, a GeoIP file and its clock say, by presence's own order of trust.
import { lookup } from "node:dns/promises";
import { derpPlaceOf } from "../../presence/location/derpRegions.ts";
import type { Geoip } from "../../presence/location/geoip.ts";
import { locate } from "../../presence/location/locate.ts";
import { publicAddress } from "../../presence/location/publicAddress.ts";
import { placeOfTimeZone } from "../../presence/location/timeZones.ts";
import type { Place } from "../../presence/record.ts";
import { indexPeers, leadsTo, peersCalled } from "../../presence/sources/tailscale/match.ts";
import type { TailnetPeer } from "../../presence/sources/tailscale/peer.ts";
import { createTailnetReader } from "../../presence/sources/tailscale/reader.ts";
import type { TailnetStatus } from "../../presence/sources/tailscale/status.ts";

/** tailscaled answers in milliseconds. */
const READ_TIMEOUT_MS = 2_000;

export interface GuessRequest {
  /** What SSH connects to. */
  readonly host: string;
  /** Tailnet peer that the node is taken for; null: none. */
  readonly peer: string | null;
  /** IANA name, as the machine says; null: it does not. */
  readonly timeZone: string | null;
  readonly geoip: Pick<Geoip, "lookup">;
}

/** The most trustworthy of the guesses; null: there is none. Never rejects. */
export async function guessPlace({ host, peer: name, timeZone, geoip }: GuessRequest): Promise<Place | null> {
  const peer = name === null ? null : await peerOf(name, host);
  const address = peer?.publicAddress ?? publicAddress(await addressOf(host));
  const places = [
    peer?.place ?? null,
    address === null ? null : (await geoip.lookup(address)).place,
    peer === null || peer.relay === null ? null : derpPlaceOf(peer.relay, null),
    timeZone === null ? null : placeOfTimeZone(timeZone),
  ];
  return locate({ declared: null, places: places.filter((place) => place !== null) }).location;
}

/** This machine's name on its tailnet; null: it has none, or nobody can say. */
export async function ownTailnetName(): Promise<string | null> {
  const status = await tailnet([]);
  return status?.state === "Running" ? status.self?.names.dnsName || null : null;
}

/** The peer, if the machine that SSH connects to is one of its names or addresses. */
async function peerOf(name: string, host: string): Promise<TailnetPeer | null> {
  const status = await tailnet([name]);
  if (status === null || status.state !== "Running") return null;
  const found = indexPeers(status.peers, status.suffix)(name);
  return found.kind === "peer" && leadsTo(found.peer, host, status.suffix) ? found.peer : null;
}

async function tailnet(wanted: readonly string[]): Promise<TailnetStatus | null> {
  const read = await createTailnetReader()
    .status(peersCalled(wanted), READ_TIMEOUT_MS)
    .catch(() => null);
  return read?.kind === "status" ? read.status : null;
}

async function addressOf(host: string): Promise<string> {
  return lookup(host).then(
    ({ address }) => address,
    () => "",
  );
}
