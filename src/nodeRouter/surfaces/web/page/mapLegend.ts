// What the marks and lines of the map mean.
import { byId, html, svg } from "./dom.ts";
import { icon } from "./icons.ts";
import type { MapLink } from "./layout.ts";
import { WORST_FIRST } from "./rows.ts";

/** Into `#legend`, once. */
export function fillLegend(): void {
  const line = (kind: MapLink["kind"], text: string): HTMLElement =>
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
    ...[...WORST_FIRST].reverse().map((state) => html("li", {}, icon(state), state)),
    line("direct", "direct"),
    line("relayed", "relayed"),
    line("unknown", "path not known"),
  );
}
