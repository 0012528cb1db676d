// What stands beside the map: nodes without a place, the latest refusals and changes, and the credits of the data.
import type { Transition } from "../../../../presence/presence.ts";
import type { CallRow } from "../../../ledger/readCalls.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { NodesData } from "../data.ts";
import { byId, html, keyed, linkButton, outside, setAttributes, setChildren, setText } from "./dom.ts";
import { ago, placeName } from "./format.ts";
import { icon } from "./icons.ts";
import { hasPoint } from "./mapNodes.ts";

/** Of which the rest is in `openclaw node-router events`. */
const MAX_CHANGES = 8;

export interface SideView {
  update(data: NodesData): void;
}

/** Nodes without a place, the last refusals and the last changes. */
export function createSideView(onSelect: (name: string) => void): SideView {
  const placeless = keyed<NodeReport, HTMLLIElement>(
    byId("placeless-list", HTMLUListElement),
    ({ name }) => name,
    ({ name }) => {
      const button = linkButton({ title: name }, () => onSelect(name), outside(name));
      return html("li", {}, html("span"), button, html("span", { class: "quiet" }));
    },
    (line, node) => {
      const [mark, , text] = line.children;
      if (mark !== undefined && mark.getAttribute("data-state") !== node.state) {
        setAttributes(mark, { "data-state": node.state });
        setChildren(mark, icon(node.state));
      }
      // A country alone may have no point on the map; it is still worth saying.
      const known = node.place === null ? node.state : `${node.state}, ${placeName(node.place)}`;
      if (text !== undefined) setText(text, ` ${known}`);
    },
  );
  const changes = keyed<Transition, HTMLLIElement>(
    byId("changes-list", HTMLOListElement),
    ({ node, atMs, to }) => `${atMs} ${to} ${node}`,
    ({ node, from, to, reason }) =>
      html(
        "li",
        {},
        icon(to),
        outside(node, { class: "name", title: node }),
        html("span", {}, from === null ? ` ${to}` : ` ${from} → ${to}`),
        html("span", { class: "quiet when" }),
        html("span", { class: "second" }, outside(reason)),
      ),
    (line, { atMs }) => {
      const when = line.querySelector(".when");
      if (when !== null) setText(when, ` ${ago(atMs, nowMs)}`);
    },
  );
  const refusals = keyed<CallRow, HTMLLIElement>(
    byId("refusals-list", HTMLOListElement),
    ({ id }) => id,
    ({ agent, tool, rule, code, reason }) =>
      html(
        "li",
        {},
        outside(agent ?? "nobody", { class: "name" }),
        " ",
        outside(rule === null ? tool : `${tool}, rule ${rule}`),
        html("span", { class: "quiet when" }),
        html(
          "span",
          { class: "second" },
          outside([code, reason].filter((text) => text !== null).join(" · ")),
        ),
      ),
    (line, { at }) => {
      const when = line.querySelector(".when");
      if (when !== null) setText(when, ` ${ago(Date.parse(at), nowMs)}`);
    },
  );
  let nowMs = 0;

  return {
    update(data) {
      nowMs = data.nowMs;
      const without = data.nodes.filter((node) => !hasPoint(node));
      byId("placeless", HTMLElement).hidden = without.length === 0;
      placeless.update(without);
      byId("refusals", HTMLElement).hidden = data.refusals.length === 0;
      refusals.update(data.refusals.slice(0, MAX_CHANGES));
      byId("changes", HTMLElement).hidden = data.events.length === 0;
      changes.update(data.events.slice(0, MAX_CHANGES));
      const credits = byId("credits", HTMLElement);
      const text = ["Map: Natural Earth", ...data.attributions].join(" · ");
      if (credits.dataset.text === text) return;
      credits.dataset.text = text;
      setChildren(credits, outside(text));
    },
  };
}
