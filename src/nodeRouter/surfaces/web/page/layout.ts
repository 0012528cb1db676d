// Where everything on the map goes: markers that share a place are spread or counted, labels keep off each other. Pure.
import type { PresenceState, TailnetPath } from "../../../../presence/record.ts";
import type { GeoPoint } from "../../../../shared/distance.ts";
import {
  greatCircle,
  type Point,
  pathThrough,
  project,
  round,
  type Size,
  toScreen,
  type View,
  WORLD,
} from "./geometry.ts";
import { type Box, fits, labelBoxes } from "./labels.ts";
import { countShownStates } from "./rows.ts";

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

/** Of what is drawn, px. */
const RADIUS = { node: 9, gateway: 9, peer: 13, group: 18 } as const;

/** Of a ring at the least: it is seen to be no point. */
const RING_PX = 34;

/** Markers nearer than this are one group. */
const TOGETHER_PX = 20;

/** Up to so many nodes of one place are drawn around it; more are one marker with a number. */
const MAX_SPREAD = 6;

/** Where everything is, in pixels. Pure: the same input gives the same picture. */
export function layoutMap(input: MapInput): MapLayout {
  const groups = groupByPlace(input);
  const markers = groups.flatMap((group) => spread(group));
  const at = new Map(markers.flatMap((marker) => marker.names.map((name) => [name, marker] as const)));
  const boxes: Box[] = markers.map((marker) => boxAround(marker, 2 * RADIUS[marker.kind]));
  const labels = placeLabels(input, markers, groups, boxes);
  return { markers, labels, links: drawLinks(input, groups, at, boxes), rings: groups.flatMap(ringOf) };
}

function ringOf({ x, y, isVague, nodes, peers, hasGateway }: Group): readonly Ring[] {
  if (!isVague) return [];
  const count = Math.min(nodes.length, MAX_SPREAD) + peers.length + Number(hasGateway);
  const [first] = [...nodes, ...peers];
  return [{ key: first?.name ?? GATEWAY, x: round(x), y: round(y), radius: RING_PX + 3 * count }];
}

interface Group extends Point {
  readonly hasGateway: boolean;
  readonly isVague: boolean;
  readonly nodes: MapNode[];
  /** However many: each is drawn. */
  readonly peers: MapNode[];
}

function groupByPlace(input: MapInput): readonly Group[] {
  const { nodes, peers = [], gateway, isGatewayVague = false, view, size } = input;
  const at = (place: GeoPoint) => toScreen(project(place), view, size);
  const groups: Group[] =
    gateway === null
      ? []
      : [{ ...at(gateway), hasGateway: true, isVague: isGatewayVague, nodes: [], peers: [] }];
  for (const node of [...nodes, ...peers].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { x, y } = at(node.place);
    const isVague = node.isVague === true;
    let near = groups.find(
      (group) => group.isVague === isVague && Math.hypot(group.x - x, group.y - y) < TOGETHER_PX,
    );
    if (near === undefined) {
      near = { x, y, hasGateway: false, isVague, nodes: [], peers: [] };
      groups.push(near);
    }
    (node.name.startsWith(PEER) ? near.peers : near.nodes).push(node);
  }
  return groups;
}

function spread({ x, y, hasGateway, nodes, peers }: Group): readonly Marker[] {
  const members: Omit<Marker, "x" | "y">[] = [];
  if (hasGateway) members.push({ key: GATEWAY, kind: "gateway", state: null, names: [GATEWAY], counts: [] });
  for (const { name, state } of peers)
    members.push({ key: name, kind: "peer", state, names: [name], counts: [[state, 1]] });
  const [first] = nodes;
  if (first !== undefined && nodes.length > MAX_SPREAD) {
    members.push({
      key: first.name,
      kind: "group",
      state: null,
      names: nodes.map(({ name }) => name),
      counts: [...countShownStates(nodes)],
    });
  } else {
    for (const { name, state } of nodes)
      members.push({ key: name, kind: "node", state, names: [name], counts: [[state, 1]] });
  }
  if (members.length === 1) return members.map((member) => ({ ...member, x: round(x), y: round(y) }));
  const radius = 9 + 3 * members.length;
  return members.map((member, index) => {
    const angle = angleOf(index, members.length);
    return { ...member, x: round(x + radius * Math.cos(angle)), y: round(y + radius * Math.sin(angle)) };
  });
}

/** Two stand side by side, so that their labels can go left and right; more start at the top. */
function angleOf(index: number, count: number): number {
  return (index / count) * 2 * Math.PI + (count === 2 ? Math.PI : -Math.PI / 2);
}

function boxAround({ x, y }: Point, width: number, height = width): Box {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function placeLabels(
  { nodes, peers = [], size, selected }: MapInput,
  markers: readonly Marker[],
  groups: readonly Group[],
  boxes: Box[],
): readonly Label[] {
  const byName = new Map([...nodes, ...peers].map((node) => [node.name, node]));
  const rank = ({ kind, names }: Marker): number => {
    if (selected !== null && names.includes(selected)) return 0;
    if (kind === "gateway") return 1;
    return names.some((name) => (byName.get(name)?.agents.length ?? 0) > 0) ? 2 : 3;
  };
  return [...markers]
    .sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1))
    .flatMap((marker): readonly Label[] => {
      const title =
        marker.kind === "gateway"
          ? "Gateway"
          : marker.kind === "group"
            ? whereOf(marker.names.map((name) => byName.get(name)?.where))
            : marker.key.replace(PEER, "");
      const agents = [...new Set(marker.names.flatMap((name) => byName.get(name)?.agents ?? []))];
      const subtitle =
        agents.length > 3 ? `${agents.slice(0, 2).join(", ")} +${agents.length - 2}` : agents.join(", ");
      const group = groups.find(({ x, y }) => Math.hypot(x - marker.x, y - marker.y) < 40);
      const leansLeft = group !== undefined && marker.x < group.x - 1;
      for (const candidate of labelBoxes(marker, {
        title,
        subtitle,
        leansLeft,
        gap: RADIUS[marker.kind] + 4,
      })) {
        if (!fits(candidate.box, boxes, size)) continue;
        boxes.push(candidate.box);
        return [{ key: marker.key, title, subtitle, ...candidate }];
      }
      // Its marker says who it is when it is pointed at or focused.
      return [];
    });
}

/** What all of them call their place; else how many they are. */
function whereOf(places: readonly (string | undefined)[]): string {
  const [first] = places;
  return first !== undefined && places.every((place) => place === first) ? first : `${places.length} nodes`;
}

function drawLinks(
  { nodes, peers = [], gateway, view, size }: MapInput,
  groups: readonly Group[],
  at: ReadonlyMap<string, Marker>,
  boxes: Box[],
): readonly MapLink[] {
  const from = at.get(GATEWAY);
  if (gateway === null || from === undefined) return [];
  const seen = new Set<string>();
  return [...nodes, ...peers].flatMap((node): readonly MapLink[] => {
    const to = at.get(node.name);
    if (to === undefined || seen.has(to.key)) return [];
    seen.add(to.key);
    const isThere = ({ name }: MapNode) => to.names.includes(name);
    const members = groups.flatMap((group) => [...group.nodes, ...group.peers].filter(isThere));
    const points = arc(gateway, from, node.place, to, view, size);
    const worldWidth = 2 * WORLD.x * view.scale;
    return [
      {
        key: to.key,
        path: pathThrough(points, worldWidth),
        kind: kindOf(members),
        routed: members.some(({ agents }) => agents.length > 0),
        text: members.length > 1 ? null : writeOn(points, node, boxes, size),
      },
    ];
  });
}

/** The great circle between the places, bent so that it begins and ends at the markers. */
function arc(
  gateway: GeoPoint,
  from: Point,
  place: GeoPoint,
  to: Point,
  view: View,
  size: Size,
): readonly Point[] {
  const points = greatCircle(gateway, place).map((step) => toScreen(project(step), view, size));
  const [first = from, last = to] = [points[0], points.at(-1)];
  return points.map(({ x, y }, index) => {
    const t = index / (points.length - 1);
    return {
      x: x + (1 - t) * (from.x - first.x) + t * (to.x - last.x),
      y: y + (1 - t) * (from.y - first.y) + t * (to.y - last.y),
    };
  });
}

function kindOf(nodes: readonly MapNode[]): MapLink["kind"] {
  const there = nodes.filter(({ state }) => state !== "offline");
  if (there.length === 0) return "cut";
  if (there.some(({ path }) => path === "direct")) return "direct";
  return there.some(({ path }) => path === "relayed" || path === "peer-relay") ? "relayed" : "unknown";
}

/** A link that is shorter says nothing: there the table does. */
const MIN_WRITTEN_PX = 48;

/** Height of what is written on a link, and how far beside the line it may stand. */
const WRITTEN = { height: 17, letter: 6.6, padding: 12 } as const;

/** The round trip, and that it is relayed, on the line or beside it where there is room. */
function writeOn(points: readonly Point[], node: MapNode, boxes: Box[], size: Size): MapLink["text"] {
  const [first, last] = [points[0], points.at(-1)];
  if (node.roundTrip === null || node.state === "offline" || first === undefined || last === undefined)
    return null;
  const length = Math.hypot(last.x - first.x, last.y - first.y);
  if (length < MIN_WRITTEN_PX) return null;
  const relayed = node.path === "relayed" || node.path === "peer-relay";
  const value = relayed ? `${node.roundTrip} relayed` : node.roundTrip;
  const width = WRITTEN.padding + value.length * WRITTEN.letter;
  // On a short line it would hide the line.
  for (const aside of length > 2 * width ? [0, -16, 16] : [-18, 18, -28, 28, 0]) {
    for (const t of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const point = points[Math.round(t * (points.length - 1))];
      if (point === undefined) continue;
      const [x, y] = [round(point.x), round(point.y + aside)];
      const box = boxAround({ x, y }, width, WRITTEN.height);
      if (!fits(box, boxes, size)) continue;
      boxes.push(box);
      return { x, y, width: round(width), value };
    }
  }
  return null;
}
