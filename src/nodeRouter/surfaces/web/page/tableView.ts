// The table of nodes: sorted by its headers, filtered by state and words, rows kept over updates.
import type { PresenceState } from "../../../../presence/record.ts";
import { safe } from "../../../../shared/safeText.ts";
import type { NodeReport } from "../../reports/nodeReport.ts";
import type { NodesData } from "../data.ts";
import { byId, html, keyed, linkButton, outside, setAttributes, setChildren, setText } from "./dom.ts";
import { ago, free, loadText, placeName, roundTrip, UNKNOWN, used } from "./format.ts";
import { icon } from "./icons.ts";
import { chosen, countShownStates, type SortKey, type TableChoice, WORST_FIRST } from "./rows.ts";

export interface TableView {
  update(data: NodesData, selected: string | null): void;
  choice(): TableChoice;
}

interface Column {
  readonly key: SortKey;
  readonly title: string;
  readonly numeric?: boolean;
  /** Fills the cell. */
  readonly show: (cell: HTMLElement, node: NodeReport, nowMs: number) => void;
}

const COLUMNS: readonly Column[] = [
  { key: "name", title: "Name", show: showName },
  { key: "state", title: "State", show: showState },
  { key: "ip", title: "Address", show: (cell, { ip }) => showText(cell, ip ?? UNKNOWN, "mono") },
  { key: "place", title: "Place", show: showPlace },
  { key: "transport", title: "Transport", show: showTransport },
  {
    key: "rtt",
    title: "Round trip",
    numeric: true,
    show: (cell, { rttMs }) => setText(cell, roundTrip(rttMs)),
  },
  {
    key: "load",
    title: "Load / CPU",
    numeric: true,
    show: (cell, { resources: { load1, cpuCount } }) => setText(cell, loadText(load1, cpuCount)),
  },
  {
    key: "memory",
    title: "Free memory",
    numeric: true,
    show: (cell, { resources: { memoryAvailableBytes, memoryTotalBytes } }) =>
      showFree(cell, memoryAvailableBytes, memoryTotalBytes),
  },
  {
    key: "disk",
    title: "Free disk",
    numeric: true,
    show: (cell, { resources: { diskAvailableBytes, diskTotalBytes } }) =>
      showFree(cell, diskAvailableBytes, diskTotalBytes),
  },
  { key: "agents", title: "Agents", show: showAgents },
  { key: "since", title: "Last change", show: showSince },
];

/**
 * Rows are kept over updates, with focus and selection.
 * @param kept the choice that was made last.
 */
export function createTableView(kept: TableChoice, onSelect: (name: string) => void): TableView {
  let data: NodesData | null = null;
  let selected: string | null = null;
  let choice = kept;

  const rows = keyed<NodeReport, HTMLTableRowElement>(
    byId("body", HTMLTableSectionElement),
    ({ name }) => name,
    ({ name }) => createRow(name, () => onSelect(name)),
    (row, node) => drawRow(row, node, data?.nowMs ?? 0, node.name === selected),
  );
  const states = keyed<readonly [PresenceState, number], HTMLButtonElement>(
    byId("states", HTMLFieldSetElement),
    ([state]) => state,
    ([state]) => {
      const button = html("button", { type: "button" }, icon(state), html("span"));
      button.addEventListener("click", () => {
        const next = new Set(choice.states);
        if (!next.delete(state)) next.add(state);
        choose({ states: next });
      });
      return button;
    },
    (button, [state, count]) => {
      setAttributes(button, { "aria-pressed": String(choice.states.has(state)) });
      if (button.lastElementChild !== null) setText(button.lastElementChild, `${count} ${state}`);
    },
  );

  const draw = (): void => {
    if (data === null) return;
    const shown = chosen(data.nodes, choice);
    const counts = countShownStates(data.nodes);
    // A state that is asked for stays to be switched off, even when no node has it any more.
    states.update(
      [...WORST_FIRST]
        .reverse()
        .map((state) => [state, counts.get(state) ?? 0] as const)
        .filter(([state, count]) => count > 0 || choice.states.has(state)),
    );
    rows.update(shown);
    setText(byId("count", HTMLParagraphElement), countText(shown.length, data.nodes.length));
    for (const header of byId("head", HTMLTableSectionElement).querySelectorAll<HTMLElement>("th")) {
      const order = choice.descending ? "descending" : "ascending";
      setAttributes(header, { "aria-sort": header.dataset.key === choice.sort ? order : null });
    }
    byId("sort", HTMLSelectElement).value = choice.sort;
  };

  const choose = (change: Partial<TableChoice>): void => {
    choice = { ...choice, ...change };
    draw();
  };

  fillHead((key) => choose({ sort: key, descending: choice.sort === key && !choice.descending }));
  const find = byId("find", HTMLInputElement);
  find.value = choice.text;
  find.addEventListener("input", () => choose({ text: find.value }));
  const sort = byId("sort", HTMLSelectElement);
  sort.append(...COLUMNS.map(({ key, title }) => html("option", { value: key }, title)));
  sort.addEventListener("change", () => {
    const column = COLUMNS.find(({ key }) => key === sort.value);
    if (column !== undefined) choose({ sort: column.key, descending: false });
  });

  return {
    choice: () => choice,
    update(nextData, nextSelected) {
      data = nextData;
      selected = nextSelected;
      draw();
    },
  };
}

/** Roles are written out: on narrow screens rows become cards, and browsers then forget that it is a table. */
function fillHead(onSort: (key: SortKey) => void): void {
  const [head, body] = [byId("head", HTMLTableSectionElement), byId("body", HTMLTableSectionElement)];
  setAttributes(head, { role: "rowgroup" });
  setAttributes(body, { role: "rowgroup" });
  if (head.parentElement !== null) setAttributes(head.parentElement, { role: "table" });
  const cells = COLUMNS.map(({ key, title, numeric }) => {
    const button = html("button", { type: "button" }, title);
    button.addEventListener("click", () => onSort(key));
    return html(
      "th",
      { scope: "col", role: "columnheader", "data-key": key, class: numeric === true ? "numeric" : null },
      button,
    );
  });
  head.append(html("tr", { role: "row" }, ...cells));
}

function createRow(name: string, onSelect: () => void): HTMLTableRowElement {
  const row = html(
    "tr",
    { role: "row" },
    ...COLUMNS.map(({ key, title, numeric }) =>
      html(key === "name" ? "th" : "td", {
        role: key === "name" ? "rowheader" : "cell",
        scope: key === "name" ? "row" : null,
        "data-title": title,
        class: `${key}${numeric === true ? " numeric" : ""}`,
      }),
    ),
  );
  row.cells[0]?.append(linkButton({ "data-focus": `row ${name}` }, onSelect));
  return row;
}

function drawRow(row: HTMLTableRowElement, node: NodeReport, nowMs: number, isSelected: boolean): void {
  setAttributes(row, { class: isSelected ? "selected" : null });
  COLUMNS.forEach(({ show }, index) => {
    const cell = row.cells[index];
    if (cell !== undefined) show(cell, node, nowMs);
  });
}

function showName(cell: HTMLElement, { name }: NodeReport): void {
  const button = cell.querySelector("button");
  if (button === null || button.firstChild !== null) return;
  button.append(outside(name));
  setAttributes(button, { title: name });
}

function showState(cell: HTMLElement, { state, reason }: NodeReport): void {
  setAttributes(cell, { title: reason });
  if (cell.dataset.state === state) return;
  cell.dataset.state = state;
  setChildren(cell, html("span", { class: `state ${state}` }, icon(state), state));
}

function showPlace(cell: HTMLElement, { place, location, contradictions }: NodeReport): void {
  const at = place ?? location;
  const disputed = contradictions.some(({ fact }) => fact === "country");
  const source = at === null ? "" : disputed ? `${at.source}, disputed` : at.source;
  twoLines(cell, placeName(at), source);
}

function showTransport(cell: HTMLElement, { transports, path }: NodeReport): void {
  twoLines(cell, transports.join(" + ") || UNKNOWN, path ?? "");
}

function showFree(cell: HTMLElement, available: number | null, total: number | null): void {
  twoLines(cell, free(available, total), "");
  const share = used(available, total);
  setAttributes(cell, { "data-full": share !== null && share >= 0.9 });
  const meter =
    cell.querySelector<HTMLElement>(".bar") ?? cell.appendChild(html("span", { class: "bar" }, html("span")));
  meter.hidden = share === null;
  const fill = meter.firstElementChild;
  if (fill instanceof HTMLElement && share !== null) fill.style.width = `${Math.round(share * 100)}%`;
}

function showAgents(cell: HTMLElement, { agents }: NodeReport): void {
  const text = agents.join("\n");
  if (cell.dataset.agents === text) return;
  cell.dataset.agents = text;
  const chips = agents.map((agent) => outside(agent, { class: "chip", title: agent }));
  setChildren(cell, ...(agents.length === 0 ? [UNKNOWN] : chips));
}

function showSince(cell: HTMLElement, { since, reason }: NodeReport, nowMs: number): void {
  showText(cell, ago(since === null ? null : Date.parse(since), nowMs));
  setAttributes(cell, { title: reason });
}

function showText(cell: HTMLElement, text: string, kind = ""): void {
  const line = cell.firstElementChild ?? cell.appendChild(html("bdi", { class: kind || null }));
  setText(line, safe(text));
}

function twoLines(cell: HTMLElement, first: string, second: string): void {
  showText(cell, first);
  const line = cell.querySelector(".second") ?? cell.appendChild(html("span", { class: "second" }));
  setText(line, safe(second));
}

function countText(shown: number, all: number): string {
  if (all === 0) return "No nodes are known: none is paired with this gateway, and none is configured.";
  return shown === all ? `${all} ${all === 1 ? "node" : "nodes"}` : `${shown} of ${all} nodes`;
}
