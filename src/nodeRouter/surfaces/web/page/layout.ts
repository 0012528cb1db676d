// Where everything on the map goes: markers that share a place are spread or counted, labels keep off each other. Pure.
import { round } from "./geometry.ts";
import { type Box, boxAround, fits, labelBoxes } from "./labels.ts";
import { drawLinks } from "./mapLinks.ts";
import {
  GATEWAY,
  type Label,
  type MapInput,
  type MapLayout,
  type Marker,
  PEER,
  type Ring,
} from "./mapShapes.ts";
import { type Group, groupByPlace, MAX_SPREAD, spread } from "./markers.ts";

/** Of what is drawn, px. */
const RADIUS = { node: 9, gateway: 9, peer: 13, group: 18 } as const;

/** Of a ring at the least: it is seen to be no point. */
const RING_PX = 34;

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
