// Markers of the map: the gateway, nodes, and groups of nodes that stand in one place.
import { safe } from "../../../../shared/safeText.ts";
import type { NodesData } from "../data.ts";
import { type Keyed, keyed, setAttributes, setChildren, setText, svg } from "./dom.ts";
import { placeName, roundTrip } from "./format.ts";
import { shapePath } from "./icons.ts";
import { cut } from "./labels.ts";
import type { Marker } from "./layout.ts";
import { countShownStates } from "./rows.ts";

/** What the map shows at the moment. */
export interface Shown {
  readonly data: NodesData | null;
  /** Name of a node. */
  readonly selected: string | null;
}

/**
 * Markers that can be reached and chosen with the keyboard.
 * @param onSelect of a marker; one that stands for several nodes names them all.
 */
export function createMarkers(
  layer: Element,
  shown: () => Shown,
  onSelect: (names: readonly string[]) => void,
): Keyed<Marker> {
  const namesOf = new Map<string, readonly string[]>();
  return keyed<Marker, SVGGElement>(
    layer,
    ({ key, kind }) => `${kind}:${key}`,
    ({ key, kind }) => createMarker(kind, key, () => onSelect(namesOf.get(key) ?? [key])),
    (element, marker) => {
      namesOf.set(marker.key, marker.names);
      drawMarker(element, marker, shown());
    },
  );
}

function createMarker(kind: Marker["kind"], key: string, select: () => void): SVGGElement {
  const made = svg(
    "g",
    { class: `marker ${kind}` },
    svg("circle", { class: "halo", r: 13 }),
    svg("path"),
    svg("g"),
    svg("text"),
    svg("title"),
  );
  if (kind === "gateway") {
    setAttributes(made, { role: "img" });
    return made;
  }
  setAttributes(made, { role: "button", tabindex: 0, "data-focus": `marker ${key}` });
  made.addEventListener("click", select);
  made.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    select();
  });
  return made;
}

function drawMarker(element: SVGGElement, marker: Marker, { data, selected }: Shown): void {
  const { kind, state, names, x, y } = marker;
  const text = markerText(marker, data);
  setAttributes(element, {
    class: `marker ${kind} ${state ?? ""} ${selected !== null && names.includes(selected) ? "selected" : ""}`,
    transform: `translate(${x} ${y})`,
    "aria-label": text,
  });
  const [, form, rings, count, title] = element.children;
  if (form !== undefined) {
    const plain = { class: `shape ${state ?? "gateway"}`, d: shapePath(state ?? "gateway") };
    setAttributes(
      form,
      kind === "group" ? { class: "plate", d: CIRCLE } : { ...plain, "fill-rule": "evenodd" },
    );
  }
  if (kind === "group" && rings !== undefined) drawRings(rings, marker);
  if (count !== undefined) {
    setAttributes(count, { class: "number", y: 4, "text-anchor": "middle", "aria-hidden": "true" });
    setText(count, kind === "group" ? String(names.length) : "");
  }
  if (title !== undefined) setText(title, text);
}

/** Radius of a counted group's ring. */
const RING = 14;
const CIRCLE = `M-${RING} 0a${RING} ${RING} 0 1 0 ${2 * RING} 0a${RING} ${RING} 0 1 0-${2 * RING} 0z`;

/** A ring whose parts are as large as the shares of the states. */
function drawRings(rings: Element, { names, counts }: Marker): void {
  const text = counts.join(" ");
  if (rings.getAttribute("data-counts") === text) return;
  let start = 0;
  const parts = counts.map(([state, count]) => {
    const share = count / names.length;
    const part = svg("path", {
      class: `ring ${state}`,
      d: CIRCLE,
      pathLength: 1,
      // Dashes of which only one falls on the ring: where this state's part is.
      "stroke-dasharray": `${share} ${1 - share}`,
      "stroke-dashoffset": -start,
    });
    start += share;
    return part;
  });
  setChildren(rings, ...parts);
  setAttributes(rings, { "data-counts": text });
}

function markerText({ kind, names, key }: Marker, data: NodesData | null): string {
  if (kind === "gateway") return `Gateway, ${placeName(data?.gateway.place ?? null)}`;
  if (kind === "group") {
    const members = data?.nodes.filter(({ name }) => names.includes(name)) ?? [];
    const states = [...countShownStates(members)].map(([state, count]) => `${count} ${state}`);
    return `${names.length} nodes in one place, ${placeName(members[0]?.place ?? null)}: ${states.join(", ")}`;
  }
  const node = data?.nodes.find(({ name }) => name === key);
  if (node === undefined) return safe(cut(key, 100));
  const agents =
    node.agents.length === 0 ? [] : [`agents ${node.agents.map((agent) => cut(agent)).join(", ")}`];
  const trip = node.rttMs === null ? [] : [roundTrip(node.rttMs)];
  return [safe(cut(key, 100)), node.state, placeName(node.place), ...trip, ...agents].map(safe).join(", ");
}
