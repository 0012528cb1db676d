// The links from the gateway: their lines, their kinds and what is written on them. Pure.
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
import { type Box, boxAround, fits } from "./labels.ts";
import { GATEWAY, type MapInput, type MapLink, type MapNode, type Marker } from "./mapShapes.ts";
import type { Group } from "./markers.ts";

/** @param boxes what has its place already; what is written on links is added. */
export function drawLinks(
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
