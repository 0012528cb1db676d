// The world map: outline, links, markers and labels in an SVG as large as its box.

import type { NodesData } from "../data.ts";
import { byId, setAttributes, setText, svg } from "./dom.ts";
import { fitView, greatCircle, project, type Size, toScreen, type View, worldView } from "./geometry.ts";
import type { Kept } from "./keep.ts";
import { layoutMap } from "./layout.ts";
import { listenToGestures } from "./mapGestures.ts";
import { fillLegend } from "./mapLegend.ts";
import { createLabels, createLinks, createLinkTexts } from "./mapLinks.ts";
import { createMarkers } from "./mapMarkers.ts";
import { mapNode, mapPoint } from "./mapNodes.ts";
import { gridPath, outlinePath, pathOf } from "./outline.ts";
import worldOutline from "./worldOutline.svg";

export interface MapView {
  update(data: NodesData, selected: string | null): void;
  /** What the reader chose to see; "nodes" follows the nodes. */
  view(): Kept["view"];
}

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

  let data: NodesData | null = null;
  let selected: string | null = null;
  let chosen = kept;

  const links = createLinks(linkLayer);
  const texts = createLinkTexts(textLayer);
  const labels = createLabels(labelLayer);
  const markers = createMarkers(markerLayer, () => ({ data, selected }), onSelect);

  const size = (): Size => ({
    width: Math.max(box.clientWidth, 200),
    height: Math.max(box.clientHeight, 160),
  });

  const view = (): View => {
    if (chosen === "world") return worldView(size());
    if (chosen !== "nodes") return chosen;
    const gateway = mapPoint(data?.gateway.place ?? null);
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
    const [nodes, gateway] = [data.nodes.flatMap(mapNode), mapPoint(data.gateway.place)];
    const layout = layoutMap({ nodes, gateway, view: shown, size: { width, height }, selected });
    links.update(layout.links);
    texts.update(layout.links.filter(({ text }) => text !== null));
    labels.update(layout.labels);
    markers.update(layout.markers);
    setAttributes(byId("zoom-fit", HTMLButtonElement), { "aria-pressed": String(chosen === "nodes") });
    setAttributes(byId("zoom-world", HTMLButtonElement), { "aria-pressed": String(chosen === "world") });
  };

  listenToGestures(box, {
    size,
    view,
    choose(next) {
      chosen = next;
      draw();
    },
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
