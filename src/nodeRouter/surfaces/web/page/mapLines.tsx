// Links with their round trips, labels beside markers, and rings around countries, as elements of the map.
import { safe } from "../../../../shared/safeText.ts";
import type { EdgeHint } from "./edgeHints.ts";
import type { Size } from "./geometry.ts";
import { cut } from "./labels.ts";
import type { Label, MapLink, Ring } from "./mapShapes.ts";

/** Somewhere in this country: no more is known. */
export function MapRing({ ring: { x, y, radius } }: { readonly ring: Ring }) {
  return <circle class="country" cx={x} cy={y} r={radius} />;
}

/** The way from the gateway. */
export function MapLine({ link: { path, kind, routed } }: { readonly link: MapLink }) {
  return <path class={`link ${kind}${routed ? " routed" : ""}`} d={path} />;
}

/** What is written on a link. */
export function MapTrip({ link: { text } }: { readonly link: MapLink }) {
  if (text === null) return null;
  const { x, y, width, value } = text;
  return (
    <g class="trip">
      <rect rx={8} height={17} x={x - width / 2} y={y - 8.5} width={width} />
      <text text-anchor="middle" x={x} y={y + 4}>
        {value}
      </text>
    </g>
  );
}

/** Name and agents. */
export function MapLabel({ label: { box, anchor, title, subtitle } }: { readonly label: Label }) {
  const x = { start: box.x + 2, middle: box.x + box.width / 2, end: box.x + box.width - 2 }[anchor];
  return (
    <text class="label" text-anchor={anchor} direction="ltr">
      <tspan class="name" x={x} y={box.y + 12}>
        {isolated(title)}
      </tspan>
      <tspan class="agents" x={x} y={box.y + 26}>
        {isolated(subtitle)}
      </tspan>
    </text>
  );
}

/** Of the text beside the arrow of a hint, px from it. */
const BESIDE = { start: { x: 14, y: 4 }, middle: { x: 0, y: 24 }, end: { x: -14, y: 4 } } as const;

/** Which way the markers are that are not seen; a click goes there. With keys one gets to the markers themselves. */
export function MapHint({ hint, size, onGo }: { hint: EdgeHint; size: Size; onGo: () => void }) {
  const { x, y, angle, text, anchor } = hint;
  const beside = BESIDE[anchor];
  const isBelow = anchor === "middle" && y > size.height / 2;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: for the pointer alone; the focus goes to the marker itself
    <g class="hint" transform={`translate(${x} ${y})`} onClick={onGo}>
      <circle class="halo" r={12} />
      <path class="arrow" d="M8 0L-5 -6L-2 0L-5 6Z" transform={`rotate(${angle})`} />
      <text class="label" text-anchor={anchor} direction="ltr">
        <tspan class="name" x={beside.x} y={isBelow ? -14 : beside.y}>
          {isolated(text)}
        </tspan>
      </text>
    </g>
  );
}

/** SVG has no `<bdi>`: the same with Unicode's own characters (first strong isolate, pop). */
function isolated(text: string): string {
  return text === "" ? "" : `\u2068${safe(cut(text))}\u2069`;
}
