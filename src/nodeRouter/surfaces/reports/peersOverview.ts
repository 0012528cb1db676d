// What the page and metrics show of peers: whether each is there, where, and which tasks go to and come from them. Pure.
import type { ConfiguredPeer } from "../../../config/resolvePeers.ts";
import { declaredPlace } from "../../../presence/location/cleanPlace.ts";
import { type ReportedPlace, reportedPlace } from "../../../presence/location/reportedPlace.ts";
import { DELEGATION_STATES } from "../../delegation/model/delegation.ts";
import { type KnownPeer, UNKNOWN_PEER } from "../../delegation/peers/knownPeers.ts";
import { TASK_PHASES } from "../../delegation/protocol/wire.ts";
import type { DelegationReport } from "./delegationsReport.ts";
import type { PeerReport } from "./peersReport.ts";

/** One peer. Texts are not escaped. */
export interface PeerOverview extends Pick<PeerReport, "name" | "state" | "why"> {
  /** Whether it answers; null: nobody knows. */
  readonly online: boolean | null;
  /** Of a peer that answers; null: not known. */
  readonly rttMs: number | null;
  /** Its clock less this gateway's, of a peer that answers. */
  readonly clockOffsetMs: number | null;
  /** As the config declares it; null: it does not. */
  readonly place: ReportedPlace | null;
}

/** One task, without its texts. */
export type DelegationLine = Pick<
  DelegationReport,
  "id" | "direction" | "state" | "peer" | "agent" | "requester" | "createdAt" | "endedAt"
>;

export interface PeersOverview {
  /** In config order. */
  readonly peers: readonly PeerOverview[];
  /** Those that have not ended first, then the newest. */
  readonly delegations: readonly DelegationLine[];
  /** How many there are that have no room. */
  readonly left: number;
  /** Of those that are kept, by direction and state, each of which is there; a direction that nobody looks after is not. */
  readonly counts: readonly (Pick<DelegationReport, "direction" | "state"> & { readonly count: number })[];
}

export interface PeersOverviewInput {
  readonly peers: ReadonlyMap<string, ConfiguredPeer>;
  readonly known: ReadonlyMap<string, KnownPeer>;
  /** Of `createPeersReport`. */
  readonly reports: readonly PeerReport[];
  /** In any order; null: nobody looks after them here, so there may be any number. */
  readonly given: readonly DelegationReport[] | null;
  readonly taken: readonly DelegationReport[] | null;
}

/** Lines of a small table. */
const MAX_LINES = 20;

/** What is kept of the peers at this moment. */
export function createPeersOverview({
  peers,
  known,
  reports,
  given,
  taken,
}: PeersOverviewInput): PeersOverview {
  const all = [...(given ?? []), ...(taken ?? [])].sort(
    (a, b) =>
      Number(a.endedAt !== null) - Number(b.endedAt !== null) ||
      ((a.createdAt ?? "") < (b.createdAt ?? "") ? 1 : -1),
  );
  return {
    peers: reports.map(({ name, state, why }): PeerOverview => {
      const { online, rttMs, clockOffsetMs } = known.get(name) ?? UNKNOWN_PEER;
      const declared = peers.get(name)?.location ?? null;
      const place = declared === null ? null : declaredPlace(declared);
      return {
        name,
        state,
        why,
        online,
        rttMs: online === true ? rttMs : null,
        clockOffsetMs: online === true ? clockOffsetMs : null,
        place: place === null ? null : reportedPlace(place),
      };
    }),
    delegations: all.slice(0, MAX_LINES).map(lineOf),
    left: Math.max(0, all.length - MAX_LINES),
    counts: [...countsOf("out", given, DELEGATION_STATES), ...countsOf("in", taken, TASK_PHASES)],
  };
}

function lineOf(report: DelegationReport): DelegationLine {
  const { id, direction, state, peer, agent, requester, createdAt, endedAt } = report;
  return { id, direction, state, peer, agent, requester, createdAt, endedAt };
}

function countsOf(
  direction: DelegationReport["direction"],
  all: readonly DelegationReport[] | null,
  states: readonly DelegationReport["state"][],
): PeersOverview["counts"] {
  if (all === null) return [];
  return states.map((state) => ({
    direction,
    state,
    count: all.filter((one) => one.state === state).length,
  }));
}
