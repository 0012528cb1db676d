// The world map: outline, links, markers and labels in an SVG as large as its box; zoom by buttons, wheel and dragging.

import { safe } from "../../../../shared/safeText.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { NodesData } from "../data.ts";
import { byId, html, keyed, setAttributes, setChildren, setText, svg } from "./dom.ts";
import { placeName, roundTrip } from "./format.ts";
import {
  fitView,
  greatCircle,
  type Point,
  project,
  type Size,
  toScreen,
  type View,
  worldView,
} from "./geometry.ts";
import { icon, shapePath } from "./icons.ts";
import type { Kept } from "./keep.ts";
import { cut } from "./labels.ts";
import { type Label, type Link, layoutMap, type MapNode, type Marker } from "./layout.ts";
import { gridPath, outlinePath, pathOf } from "./outline.ts";
import { STATES } from "./rows.ts";
import worldOutline from "./worldOutline.svg";

export interface MapView {
  update(data: NodesData, selected: string | null): void;
  /** What the reader chose to see; "nodes" follows the nodes. */
  view(): Kept["view"];
}

const ZOOM = 1.6;

/** How far in and out, as a multiple of the whole world. */
const LIMITS = { least: 1, most: 24 } as const;

/**
 * Drawn into `#map`.
 * @param kept what was seen last; `"nodes"` follows the nodes.
 * @param onSelect of a marker; one that stands for several nodes names them all.
 */
export function createMapView(kept: Kept["view"], onSelect: (names: readonly string[]) => void): MapView {
  const box = byId("map", HTMLDivElement);
  const grid = svg("path", { class: "lines", d: gridPath() });
  const land = svg("path", { class: "land", d: outlinePath(pathOf(worldOutline)) });
  const linkLayer = svg("g");
  const textLayer = svg("g", { "aria-hidden": "true" });
  const markerLayer = svg("g");
  const labelLayer = svg("g", { "aria-hidden": "true" });
  const drawing = svg(
    "svg",
    { role: "group", "aria-label": "Map of nodes" },
    grid,
    land,
    linkLayer,
    textLayer,
    labelLayer,
    markerLayer,
  );
  box.append(drawing);

  const links = keyed<Link, SVGPathElement>(
    linkLayer,
    ({ key }) => key,
    () => svg("path"),
    drawLink,
  );
  const texts = keyed<Link, SVGGElement>(textLayer, ({ key }) => key, createLinkText, drawLinkText);
  const labels = keyed<Label, SVGTextElement>(labelLayer, ({ key }) => key, createLabel, drawLabel);
  const markers = keyed<Marker, SVGGElement>(
    markerLayer,
    ({ key, kind }) => `${kind}:${key}`,
    createMarker,
    drawMarker,
  );

  let data: NodesData | null = null;
  let selected: string | null = null;
  let chosen = kept;

  const size = (): Size => ({
    width: Math.max(box.clientWidth, 200),
    height: Math.max(box.clientHeight, 160),
  });

  const view = (): View => {
    if (chosen === "world") return worldView(size());
    if (chosen !== "nodes") return chosen;
    const gateway = placeOf(data?.gateway.place ?? null);
    const nodes = data?.nodes.flatMap(mapNode) ?? [];
    const places = nodes.flatMap(({ place }) => (gateway === null ? [place] : greatCircle(gateway, place)));
    return fitView([...places, ...(gateway === null ? [] : [gateway])].map(project), size());
  };

  const draw = (): void => {
    const [{ width, height }, shown] = [size(), view()];
    setAttributes(drawing, { viewBox: `0 0 ${width} ${height}`, width, height });
    const origin = toScreen({ x: 0, y: 0 }, shown, { width, height });
    for (const background of [grid, land])
      setAttributes(background, { transform: `translate(${origin.x} ${origin.y}) scale(${shown.scale})` });
    if (data === null) return;
    const layout = layoutMap({
      nodes: data.nodes.flatMap(mapNode),
      gateway: placeOf(data.gateway.place),
      view: shown,
      size: { width, height },
      selected,
    });
    links.update(layout.links);
    texts.update(layout.links.filter(({ text }) => text !== null));
    labels.update(layout.labels);
    markers.update(layout.markers);
    setAttributes(byId("zoom-fit", HTMLButtonElement), { "aria-pressed": String(chosen === "nodes") });
    setAttributes(byId("zoom-world", HTMLButtonElement), { "aria-pressed": String(chosen === "world") });
  };

  function createMarker({ key, kind }: Marker): SVGGElement {
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
    const select = (): void => onSelect(namesOf.get(key) ?? [key]);
    made.addEventListener("click", select);
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      select();
    });
    return made;
  }

  const namesOf = new Map<string, readonly string[]>();

  function drawMarker(element: SVGGElement, marker: Marker): void {
    const { key, kind, state, names, x, y } = marker;
    namesOf.set(key, names);
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

  const zoom = (factor: number, around: Point = { x: size().width / 2, y: size().height / 2 }): void => {
    const before = view();
    const { width, height } = size();
    const world = worldView({ width, height }).scale;
    const scale = Math.min(world * LIMITS.most, Math.max(world * LIMITS.least, before.scale * factor));
    const [dx, dy] = [around.x - width / 2, around.y - height / 2];
    chosen = {
      middle: {
        x: before.middle.x + dx / before.scale - dx / scale,
        y: before.middle.y + dy / before.scale - dy / scale,
      },
      scale,
    };
    draw();
  };

  byId("zoom-in", HTMLButtonElement).addEventListener("click", () => zoom(ZOOM));
  byId("zoom-out", HTMLButtonElement).addEventListener("click", () => zoom(1 / ZOOM));
  byId("zoom-fit", HTMLButtonElement).addEventListener("click", () => {
    chosen = "nodes";
    draw();
  });
  byId("zoom-world", HTMLButtonElement).addEventListener("click", () => {
    chosen = "world";
    draw();
  });
  box.addEventListener(
    "wheel",
    (event) => {
      // Without the key the page scrolls, as everywhere.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = box.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, { x: event.clientX - left, y: event.clientY - top });
    },
    { passive: false },
  );
  drag(box, (dx, dy) => {
    const { middle, scale } = view();
    chosen = { middle: { x: middle.x - dx / scale, y: middle.y - dy / scale }, scale };
    draw();
  });
  new ResizeObserver(draw).observe(box);
  fillLegend();

  return {
    view: () => chosen,
    update(nextData, nextSelected) {
      data = nextData;
      selected = nextSelected;
      draw();
      const note = byId("map-note", HTMLParagraphElement);
      note.hidden = data.gateway.place !== null || data.nodes.length === 0;
      setText(
        note,
        "Where the gateway is, nobody knows, so no links are drawn: write plugins.entries.node-router.config.gateway.location.",
      );
    },
  };
}

function placeOf(place: { readonly latitude?: number; readonly longitude?: number } | null) {
  return place?.latitude === undefined || place.longitude === undefined
    ? null
    : { latitude: place.latitude, longitude: place.longitude };
}

/** Whether the map can show it. */
export function hasPoint({ place }: NodeReport): boolean {
  return placeOf(place) !== null;
}

function mapNode({ name, state, place, path, rttMs, agents }: NodeReport): readonly MapNode[] {
  const at = placeOf(place);
  return at === null
    ? []
    : [
        {
          name,
          state,
          place: at,
          where: placeName(place),
          path,
          roundTrip: rttMs === null ? null : roundTrip(rttMs),
          agents,
        },
      ];
}

function markerText({ kind, names, key }: Marker, data: NodesData | null): string {
  if (kind === "gateway") return `Gateway, ${placeName(data?.gateway.place ?? null)}`;
  if (kind === "group") {
    const members = data?.nodes.filter(({ name }) => names.includes(name)) ?? [];
    const counts = STATES.map(
      (state) => [state, members.filter((node) => node.state === state).length] as const,
    );
    const states = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
    return `${names.length} nodes in one place, ${placeName(members[0]?.place ?? null)}: ${states.join(", ")}`;
  }
  const node = data?.nodes.find(({ name }) => name === key);
  if (node === undefined) return safe(cut(key, 100));
  const agents =
    node.agents.length === 0 ? [] : [`agents ${node.agents.map((agent) => cut(agent)).join(", ")}`];
  const trip = node.rttMs === null ? [] : [roundTrip(node.rttMs)];
  return [safe(cut(key, 100)), node.state, placeName(node.place), ...trip, ...agents].map(safe).join(", ");
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

function drawLink(element: SVGPathElement, { path, kind, routed }: Link): void {
  setAttributes(element, { class: `link ${kind}${routed ? " routed" : ""}`, d: path });
}

function createLinkText(): SVGGElement {
  return svg(
    "g",
    { class: "trip" },
    svg("rect", { rx: 8, height: 17 }),
    svg("text", { "text-anchor": "middle" }),
  );
}

function drawLinkText(element: SVGGElement, { text }: Link): void {
  const [box, words] = element.children;
  if (text === null || box === undefined || words === undefined) return;
  const { x, y, width, value } = text;
  setAttributes(box, { x: x - width / 2, y: y - 8.5, width });
  setAttributes(words, { x, y: y + 4 });
  setText(words, value);
}

function createLabel(): SVGTextElement {
  return svg("text", {}, svg("tspan", { class: "name" }), svg("tspan", { class: "agents" }));
}

function drawLabel(element: SVGTextElement, { box, anchor, title, subtitle }: Label): void {
  const x = { start: box.x + 2, middle: box.x + box.width / 2, end: box.x + box.width - 2 }[anchor];
  setAttributes(element, { class: "label", "text-anchor": anchor, direction: "ltr" });
  const [name, agents] = element.children;
  if (name !== undefined) {
    setAttributes(name, { x, y: box.y + 12 });
    setText(name, isolated(title));
  }
  if (agents !== undefined) {
    setAttributes(agents, { x, y: box.y + 26 });
    setText(agents, isolated(subtitle));
  }
}

/** SVG has no `<bdi>`: the same with Unicode's own characters (first strong isolate, pop). */
function isolated(text: string): string {
  return text === "" ? "" : `\u2068${safe(cut(text))}\u2069`;
}

/** Calls back while the box is dragged; a click stays a click. */
function drag(box: HTMLElement, onMove: (dx: number, dy: number) => void): void {
  let last: { readonly x: number; readonly y: number } | null = null;
  box.addEventListener("pointerdown", (event) => {
    // On a touch screen one finger scrolls the page.
    if (event.pointerType === "touch" || event.button !== 0) return;
    if (event.target instanceof Element && event.target.closest(".marker.node, .marker.group") !== null)
      return;
    last = { x: event.clientX, y: event.clientY };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (last === null) return;
    onMove(event.clientX - last.x, event.clientY - last.y);
    last = { x: event.clientX, y: event.clientY };
  });
  const end = (): void => {
    last = null;
  };
  box.addEventListener("pointerup", end);
  box.addEventListener("pointercancel", end);
}

function fillLegend(): void {
  const line = (kind: Link["kind"], text: string): HTMLElement =>
    html(
      "li",
      {},
      svg(
        "svg",
        { viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": "true" },
        svg("path", { class: `link ${kind}`, d: "M1 4H25" }),
      ),
      text,
    );
  byId("legend", HTMLUListElement).append(
    html("li", {}, icon("gateway"), "gateway"),
    ...[...STATES].reverse().map((state) => html("li", {}, icon(state), state)),
    line("direct", "direct"),
    line("relayed", "relayed"),
    line("unknown", "path not known"),
  );
}
