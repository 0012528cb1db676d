// Links with their round trips, and the labels beside markers, as elements of the map.
import { safe } from "../../../../shared/safeText.ts";
import { type Keyed, keyed, setAttributes, setText, svg } from "./dom.ts";
import { cut } from "./labels.ts";
import type { Label, MapLink } from "./layout.ts";

/** The links' lines; `layer` holds nothing else. */
export function createLinks(layer: Element): Keyed<MapLink> {
  return keyed<MapLink, SVGPathElement>(
    layer,
    ({ key }) => key,
    () => svg("path"),
    drawLink,
  );
}

/** The links' round trips. */
export function createLinkTexts(layer: Element): Keyed<MapLink> {
  return keyed<MapLink, SVGGElement>(layer, ({ key }) => key, createLinkText, drawLinkText);
}

/** Names and agents beside the markers. */
export function createLabels(layer: Element): Keyed<Label> {
  return keyed<Label, SVGTextElement>(layer, ({ key }) => key, createLabel, drawLabel);
}

function drawLink(element: SVGPathElement, { path, kind, routed }: MapLink): void {
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

function drawLinkText(element: SVGGElement, { text }: MapLink): void {
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
