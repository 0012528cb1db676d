// The world map: outline, rings, links, markers and labels in an SVG as large as its box, with its legend and buttons.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { NodesData } from "../data.ts";
import { edgeHints, isInside } from "./edgeHints.ts";
import {
  fitView,
  greatCircle,
  moved,
  type Point,
  project,
  type Size,
  toScreen,
  type View,
  worldView,
} from "./geometry.ts";
import type { Kept } from "./keep.ts";
import { layoutMap } from "./layout.ts";
import { listenToPointers } from "./mapGestures.ts";
import { type ChooseView, type Seen, viewByKey, zoomBy } from "./mapKeys.ts";
import { MapLegend } from "./mapLegend.tsx";
import { MapHint, MapLabel, MapLine, MapRing, MapTrip } from "./mapLines.tsx";
import { MapMarker } from "./mapMarker.tsx";
import { mapNode, mapPeer, mapSpot } from "./mapNodes.ts";
import type { MapLayout } from "./mapShapes.ts";
import { gridPath, outlinePath, pathOf } from "./outline.ts";
import worldOutline from "./worldOutline.svg";

const GRID_LINES = gridPath();
const LAND = outlinePath(pathOf(worldOutline));

interface MapProps {
  readonly data: NodesData;
  /** Null: none, or several. */
  readonly selected: string | null;
  /** "nodes" follows the nodes. */
  readonly chosen: Kept["view"];
  readonly onView: ChooseView;
  /** One marker that stands for several nodes names them all. */
  readonly onSelect: (names: readonly string[]) => void;
}

/** Markers can be reached and chosen with the keyboard, and the map moved. */
export function MapPanel({ data, selected, chosen, onView, onSelect }: MapProps) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 640, height: 320 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => {
      const [width, height] = [Math.max(element.clientWidth, 200), Math.max(element.clientHeight, 160)];
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const view = viewOf(chosen, data, size);
  const layout = layoutOf(data, view, size, selected);
  const seen: Seen = { size, view, anchor: anchorOf(layout, size, selected) };
  const latest = useRef({ seen, onView });
  latest.current = { seen, onView };
  useEffect(() => {
    if (box.current === null) return;
    return listenToPointers(
      box.current,
      () => latest.current.seen,
      (next) => latest.current.onView(next),
    );
  }, []);

  const origin = toScreen({ x: 0, y: 0 }, view, size);
  const ground = `translate(${origin.x} ${origin.y}) scale(${view.scale})`;
  const isEmpty = layout.markers.length > 0 && !layout.markers.some((marker) => isInside(marker, size));
  return (
    <section class="card map" aria-labelledby="map-title">
      <h2 id="map-title" class="unseen">
        Map
      </h2>
      <div
        id="map"
        ref={box}
        class="canvas"
        role="group"
        aria-label="Map: arrow keys move it, plus and minus zoom, 0 shows all nodes"
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const next = viewByKey(event.key, seen);
          if (next === null) return;
          event.preventDefault();
          onView(next);
        }}
      >
        <svg
          role="group"
          aria-label="Map of nodes"
          viewBox={`0 0 ${size.width} ${size.height}`}
          width={size.width}
          height={size.height}
        >
          <path class="lines" d={GRID_LINES} transform={ground} />
          <path class="land" d={LAND} transform={ground} />
          {layout.rings.map((ring) => (
            <MapRing key={ring.key} ring={ring} />
          ))}
          <g>
            {layout.links.map((link) => (
              <MapLine key={link.key} link={link} />
            ))}
          </g>
          <g aria-hidden="true">
            {layout.links.map((link) => (
              <MapTrip key={link.key} link={link} />
            ))}
            {layout.labels.map((label) => (
              <MapLabel key={label.key} label={label} />
            ))}
          </g>
          <g>
            {layout.markers.map((marker) => (
              <MapMarker
                key={`${marker.kind}:${marker.key}`}
                marker={marker}
                data={data}
                isSelected={selected !== null && marker.names.includes(selected)}
                onSelect={onSelect}
                onFocus={() => {
                  // Who comes by keyboard sees where that is.
                  if (!isInside(marker, size))
                    onView(moved(view, size.width / 2 - marker.x, size.height / 2 - marker.y));
                }}
              />
            ))}
          </g>
          <g aria-hidden="true">
            {edgeHints(layout.markers, size).map((hint) => (
              <MapHint
                key={hint.key}
                hint={hint}
                size={size}
                onGo={() => onView(moved(view, hint.move.dx, hint.move.dy))}
              />
            ))}
          </g>
        </svg>
      </div>
      <div class="below">
        <MapLegend data={data} layout={layout} />
        <fieldset class="zoom" aria-label="Part of the map">
          <button id="zoom-in" type="button" aria-label="Zoom in" onClick={() => onView(zoomBy(seen, true))}>
            +
          </button>
          <button
            id="zoom-out"
            type="button"
            aria-label="Zoom out"
            onClick={() => onView(zoomBy(seen, false))}
          >
            −
          </button>
          <button
            id="zoom-fit"
            type="button"
            aria-pressed={chosen === "nodes"}
            onClick={() => onView("nodes")}
          >
            Nodes
          </button>
          <button
            id="zoom-world"
            type="button"
            aria-pressed={chosen === "world"}
            onClick={() => onView("world")}
          >
            World
          </button>
        </fieldset>
        <p
          id="map-note"
          class="quiet"
          hidden={!isEmpty && (data.gateway.place !== null || data.nodes.length === 0)}
        >
          {isEmpty
            ? "No node is in this part of the map: Nodes shows them all."
            : "Where the gateway is, nobody knows, so no links are drawn: write plugins.entries.node-router.config.gateway.location."}
        </p>
      </div>
    </section>
  );
}

function viewOf(chosen: Kept["view"], data: NodesData, size: Size): View {
  if (chosen === "world") return worldView(size);
  if (chosen !== "nodes") return chosen;
  const gateway = mapSpot(data.gateway.place)?.at ?? null;
  const nodes = [...data.nodes.flatMap(mapNode), ...(data.peers?.peers.flatMap(mapPeer) ?? [])];
  const places = nodes.flatMap(({ place }) => (gateway === null ? [place] : greatCircle(gateway, place)));
  return fitView([...places, ...(gateway === null ? [] : [gateway])].map(project), size);
}

function layoutOf(data: NodesData, view: View, size: Size, selected: string | null): MapLayout {
  const gateway = mapSpot(data.gateway.place);
  return layoutMap({
    nodes: data.nodes.flatMap(mapNode),
    peers: data.peers?.peers.flatMap(mapPeer) ?? [],
    gateway: gateway?.at ?? null,
    isGatewayVague: gateway?.isVague ?? false,
    view,
    size,
    selected,
  });
}

/** The chosen node, else the one nearest to the middle: what is zoomed into stays to be seen. */
function anchorOf({ markers }: MapLayout, size: Size, selected: string | null): Point {
  const middle = { x: size.width / 2, y: size.height / 2 };
  const inside = markers.filter((marker) => isInside(marker, size));
  const chosen = inside.find(({ names }) => selected !== null && names.includes(selected));
  const away = ({ x, y }: Point) => Math.hypot(x - middle.x, y - middle.y);
  return chosen ?? inside.toSorted((a, b) => away(a) - away(b))[0] ?? middle;
}
