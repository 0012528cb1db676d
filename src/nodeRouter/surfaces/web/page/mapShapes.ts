// What the picture of the map is made of, and what it is made from.
import type { PresenceState, TailnetPath } from "../../../../presence/record.ts";
import type { GeoPoint } from "../../../../shared/distance.ts";
import type { Point, Size, View } from "./geometry.ts";
import type { Box } from "./labels.ts";

/** Key of the gateway's own marker; no node can have it, because names are not empty. */
export const GATEWAY = "";

/** Before a peer's name in keys: a node may have the same name, and no name begins so. */
export const PEER = "\u0000";

/** What is drawn of one node, or of one peer. */
export interface MapNode {
  /** A peer's begins with PEER. */
  readonly name: string;
  readonly state: PresenceState;
  readonly place: GeoPoint;
  /** Only its country is known: `place` is the country's middle. */
  readonly isVague?: boolean;
  /** The place's name. */
  readonly where: string;
  readonly path: TailnetPath | null;
  /** Round trip as text; null: not known. */
  readonly roundTrip: string | null;
  readonly agents: readonly string[];
}

export interface MapInput {
  readonly nodes: readonly MapNode[];
  readonly peers?: readonly MapNode[];
  readonly gateway: GeoPoint | null;
  /** As of a node. */
  readonly isGatewayVague?: boolean;
  readonly view: View;
  readonly size: Size;
  /** Its label is placed first. */
  readonly selected: string | null;
}

export interface Marker extends Point {
  /** The node's name, GATEWAY, or for a counted group the name of its first node. */
  readonly key: string;
  readonly kind: "node" | "gateway" | "peer" | "group";
  /** Null for the gateway and for groups. */
  readonly state: PresenceState | null;
  /** More than one: a counted group. */
  readonly names: readonly string[];
  /** How many have each state, in the order of STATES. */
  readonly counts: readonly (readonly [PresenceState, number])[];
}

export interface Label {
  readonly key: string;
  readonly box: Box;
  readonly anchor: "start" | "middle" | "end";
  readonly title: string;
  /** Agents, or nothing. */
  readonly subtitle: string;
}

export interface MapLink {
  readonly key: string;
  readonly path: string;
  /** `unknown`: nobody knows how packets get there now. `cut`: the node is offline. */
  readonly kind: "direct" | "relayed" | "unknown" | "cut";
  /** Whether an agent's commands go there. */
  readonly routed: boolean;
  /** What is written on it; null: nothing is known, or there is no room. */
  readonly text: (Point & { readonly value: string; readonly width: number }) | null;
}

export interface MapLayout {
  readonly markers: readonly Marker[];
  readonly labels: readonly Label[];
  readonly links: readonly MapLink[];
  /** Around what is somewhere in a country. */
  readonly rings: readonly Ring[];
}

export interface Ring extends Point {
  readonly key: string;
  readonly radius: number;
}
