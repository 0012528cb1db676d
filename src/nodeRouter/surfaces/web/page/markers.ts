// Who shares a point of the map, and where around it their markers stand. Pure.
import type { GeoPoint } from "../../../../shared/distance.ts";
import { type Point, project, round, toScreen } from "./geometry.ts";
import { GATEWAY, type MapInput, type MapNode, type Marker, PEER } from "./mapShapes.ts";
import { countShownStates } from "./rows.ts";

/** Markers nearer than this are one group. */
const TOGETHER_PX = 20;

/** Up to so many nodes of one place are drawn around it; more are one marker with a number. */
export const MAX_SPREAD = 6;

/** What is drawn around one point. */
export interface Group extends Point {
  readonly hasGateway: boolean;
  readonly isVague: boolean;
  readonly nodes: MapNode[];
  /** However many: each is drawn. */
  readonly peers: MapNode[];
}

/** Nodes, peers and the gateway, with what is near each other as one. */
export function groupByPlace(input: MapInput): readonly Group[] {
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

/** Side by side, around their point, or as one marker with a number. */
export function spread({ x, y, hasGateway, nodes, peers }: Group): readonly Marker[] {
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
