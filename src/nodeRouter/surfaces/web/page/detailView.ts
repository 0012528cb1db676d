// One node's detail, or the list of a group: facts with source and age, ways to it, places, what sources differ on.

import { FACT_NAMES, FACTS } from "../../../../presence/facts.ts";
import type { Transition } from "../../../../presence/presence.ts";
import type { Contradiction, Place, Reach } from "../../../../presence/record.ts";
import { cordonText } from "../../../explain/cordonText.ts";
import type { CallRow } from "../../../ledger/readCalls.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { AgentRoute, NodesData } from "../data.ts";
import { byId, html, linkButton, outside, setChildren } from "./dom.ts";
import { ago, factText, percent, placeName, roundTrip, tunnelText, UNKNOWN } from "./format.ts";
import { icon } from "./icons.ts";
import { maintenanceLines } from "./maintenanceView.ts";

export interface DetailView {
  /** Null: nothing is chosen. More than one name: a list to choose from. */
  update(data: NodesData, names: readonly string[]): void;
  focus(): void;
}

/**
 * Drawn into `#detail`; hidden while no node is selected.
 * @param onSelect of another node that is named in it.
 */
export function createDetailView(onSelect: (name: string) => void, onClose: () => void): DetailView {
  const box = byId("detail", HTMLElement);
  const title = html("h2", { id: "detail-title", tabindex: -1 });
  const close = html("button", { type: "button", class: "close", "aria-label": "Close the detail" }, "×");
  const body = html("div");
  box.append(html("div", { class: "detail-head" }, title, close), body);
  close.addEventListener("click", onClose);
  let drawn = "";

  return {
    update(data, names) {
      box.hidden = names.length === 0;
      const [name] = names;
      if (name === undefined) return;
      const node = data.nodes.find((candidate) => candidate.name === name);
      const agents = data.agents.filter((agent) => agent.node === name);
      const whole = data.detail === null || data.detail === name;
      const key = JSON.stringify(names);
      // Whoever is about to copy something keeps it.
      if (key === drawn && isSelecting(body)) return;
      const isNew = key !== drawn;
      drawn = key;
      const parts = [...body.querySelectorAll("details")];
      const closed = new Map(parts.map((element) => [element.dataset.part, !element.open]));
      const focused = document.activeElement?.closest("details")?.dataset.part;
      setChildren(title, names.length > 1 ? `${names.length} nodes in one place` : outside(name));
      if (names.length > 1) setChildren(body, groupList(data, names, onSelect));
      else if (node === undefined)
        setChildren(body, html("p", {}, "This node is gone: it is neither paired nor configured any more."));
      else setChildren(body, ...nodeParts(node, agents, whole ? data.calls : [], data.nowMs, whole));
      if (isNew) return;
      for (const element of body.querySelectorAll("details")) {
        element.open = !(closed.get(element.dataset.part) ?? !element.open);
        if (focused !== undefined && element.dataset.part === focused)
          element.querySelector("summary")?.focus();
      }
    },
    focus: () => title.focus({ preventScroll: false }),
  };
}

function isSelecting(body: HTMLElement): boolean {
  const selection = document.getSelection();
  return (
    selection !== null &&
    !selection.isCollapsed &&
    selection.anchorNode !== null &&
    body.contains(selection.anchorNode)
  );
}

function groupList(data: NodesData, names: readonly string[], onSelect: (name: string) => void): HTMLElement {
  const entries = names.flatMap((name) => {
    const node = data.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) return [];
    const button = linkButton({}, () => onSelect(name), outside(name));
    return [html("li", {}, icon(node.state), button, html("span", { class: "quiet" }, ` ${node.state}`))];
  });
  return html("ul", { class: "plain group-list" }, ...entries);
}

function nodeParts(
  node: NodeReport,
  agents: readonly AgentRoute[],
  calls: readonly CallRow[],
  nowMs: number,
  whole: boolean,
): readonly (HTMLElement | null)[] {
  const { history, otherPlaces } = node;
  return [
    html(
      "p",
      {},
      html("span", { class: `state ${node.state}` }, icon(node.state), node.state),
      " ",
      outside(node.reason, { class: "quiet" }),
    ),
    differences(node.contradictions, nowMs),
    pairs([
      ["Place", placeText(node.place)],
      ["Since", ago(node.since === null ? null : Date.parse(node.since), nowMs)],
      ["Node protocol", reachText(node.reach.node, nowMs)],
      ["SSH", reachText(node.reach.ssh, nowMs)],
      ["Tunnel", tunnelText(node.tunnel ?? null, nowMs)],
      ["Path", node.path ?? UNKNOWN],
      [
        "Up",
        history === null ? UNKNOWN : `${percent(history.onlineRatio)}, offline ${history.flaps}× in 24 h`,
      ],
      ["Workspace", node.workspace ?? UNKNOWN],
      ["Calls", node.cordon === null ? UNKNOWN : cordonText(node.cordon)],
    ]),
    listPart("agents", `Agents (${agents.length})`, true, "ul", agents.map(agentLine)),
    listPart("calls", "Last calls", true, "ol", calls.map(callLine(nowMs))),
    part("facts", "Facts", true, whole ? factsTable(node, nowMs) : html("p", { class: "quiet" }, "Asking…")),
    listPart("places", `Other places (${otherPlaces.length})`, false, "ul", otherPlaces.map(placeLine)),
    listPart("changes", "Last changes", true, "ol", history?.transitions.map(changeLine(nowMs)) ?? []),
    part("tags", "Tags", false, tagList(node.tags)),
    part("maintenance", "Maintenance", false, maintenanceLines(node.name, node.cordon !== null)),
  ];
}

function pairs(entries: readonly (readonly [string, string])[]): HTMLElement {
  return html(
    "dl",
    {},
    ...entries
      .filter(([, text]) => text !== UNKNOWN)
      .map(([name, text]) => html("div", {}, html("dt", {}, name), html("dd", {}, outside(text)))),
  );
}

function part(key: string, title: string, open: boolean, content: HTMLElement): HTMLElement {
  return html("details", { "data-part": key, open }, html("summary", {}, title), content);
}

/** A part that is a list; null: there is nothing in it. */
function listPart(
  key: string,
  title: string,
  open: boolean,
  tag: "ul" | "ol",
  lines: readonly HTMLElement[],
): HTMLElement | null {
  return lines.length === 0 ? null : part(key, title, open, html(tag, { class: "plain" }, ...lines));
}

function placeLine(place: Place): HTMLElement {
  return html("li", {}, outside(placeText(place)));
}

function changeLine(nowMs: number): (change: Transition) => HTMLElement {
  return ({ from, to, atMs, reason }) => {
    const states = html("b", {}, from === null ? to : `${from} → ${to}`);
    return html("li", {}, states, ` ${ago(atMs, nowMs)}: `, outside(reason));
  };
}

/** `Singapore, SG (declared; city, high; …)`. */
function placeText(place: Place | null): string {
  if (place === null) return UNKNOWN;
  const { source, precision, confidence, detail } = place;
  const about = [source, `${precision}, ${confidence} confidence`, detail].filter((text) => text !== "");
  return `${placeName(place)} (${about.join("; ")})`;
}

function reachText(reach: Reach | null, nowMs: number): string {
  if (reach === null) return UNKNOWN;
  const { state, rttMs, lastAnswerMs, failures, reason } = reach;
  const parts = [
    state as string,
    ...(rttMs === null ? [] : [roundTrip(rttMs)]),
    lastAnswerMs === null ? "no answer yet" : `answered ${ago(lastAnswerMs, nowMs)}`,
    ...(failures === 0 ? [] : [`${failures} failed in a row`]),
    ...(reason === null ? [] : [reason]),
  ];
  return parts.join(", ");
}

function differences(contradictions: readonly Contradiction[], nowMs: number): HTMLElement | null {
  if (contradictions.length === 0) return null;
  return html(
    "ul",
    { class: "differences", "aria-label": "Sources differ" },
    ...contradictions.map(({ fact, values }) => {
      const said = values.map(
        ({ value, source, atMs }) => `${value} (${source}${atMs === null ? "" : `, ${ago(atMs, nowMs)}`})`,
      );
      return html("li", {}, html("b", {}, `Sources differ on ${fact}: `), outside(said.join(" · ")));
    }),
  );
}

function agentLine({ agent, rule, transport, binding }: AgentRoute): HTMLElement {
  const how = [
    binding,
    transport === null ? null : `over ${transport}`,
    rule === null ? null : `rule ${rule}`,
  ];
  return html(
    "li",
    {},
    outside(agent, { class: "chip" }),
    " ",
    outside(how.filter((text) => text !== null).join(", "), { class: "quiet" }),
  );
}

function callLine(nowMs: number): (call: CallRow) => HTMLElement {
  return ({ at, agent, tool, outcome, code, ms, reason }) => {
    const took = ms === null ? "" : ` in ${ms} ms`;
    const why = [code, reason].flatMap((text) => (text === null ? [] : [` · ${text}`])).join("");
    return html(
      "li",
      {},
      outside(agent ?? "nobody", { class: "chip" }),
      " ",
      html("b", {}, outside(tool)),
      outside(` ${outcome}${took}, ${ago(Date.parse(at), nowMs)}`),
      outside(why, { class: "quiet" }),
    );
  };
}

function factsTable({ facts }: NodeReport, nowMs: number): HTMLElement {
  const rows = FACT_NAMES.flatMap((name) => {
    const fact = facts[name];
    if (fact === undefined) return [];
    return [
      html(
        "tr",
        { class: fact.stale ? "old" : null },
        html("th", { scope: "row", title: FACTS[name].meaning }, factTitle(name)),
        html("td", {}, outside(factText(name, fact.value, nowMs))),
        html("td", { class: "quiet" }, fact.source),
        html("td", { class: "quiet" }, `${ago(fact.atMs, nowMs)}${fact.stale ? ", old" : ""}`),
      ),
    ];
  });
  if (rows.length === 0) return html("p", { class: "quiet" }, "No source has said anything of it yet.");
  const head = ["Fact", "Value", "Source", "Said"].map((title) => html("th", { scope: "col" }, title));
  return html(
    "table",
    { class: "facts" },
    html("thead", {}, html("tr", {}, ...head)),
    html("tbody", {}, ...rows),
  );
}

/** `memoryTotalBytes` -> `memory total`; the unit is with the value. */
function factTitle(name: string): string {
  return name
    .replace(/(Bytes|Seconds|Ms)$/, "")
    .replace(/([a-z])([A-Z0-9])/g, "$1 $2")
    .toLowerCase();
}

function tagList(tags: NodeReport["tags"]): HTMLElement {
  const entries = Object.entries(tags);
  if (entries.length === 0) return html("p", { class: "quiet" }, "It has no tags.");
  return html(
    "p",
    { class: "tags" },
    ...entries.map(([key, value]) => outside(value === "" ? key : `${key}=${value}`, { class: "chip" })),
  );
}
