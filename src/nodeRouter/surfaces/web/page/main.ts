// The page "Nodes": shows what came with it as map, table and detail, and asks the gateway for news every few seconds.
import { fieldOf } from "../../../../shared/jsonParts.ts";
import { nameText, safe } from "../../../../shared/safeText.ts";
import type { NodesData } from "../data.ts";
import { createDetailView } from "./detailView.ts";
import { byId, setAttributes, setText } from "./dom.ts";
import { duration } from "./format.ts";
import { keptFromText, keptToText } from "./keep.ts";
import { createMapView } from "./mapView.ts";
import { CannotAsk, freshnessText, startPoll } from "./poll.ts";
import { countShownStates } from "./rows.ts";
import { createSideView } from "./sideView.ts";
import { createTableView } from "./tableView.ts";
import { applyTheme, followTheme } from "./theme.ts";

/** The gateway's own list of nodes should not be older than this, ms. */
const LIST_OLD_MS = 60_000;

/** Where questions do not get through, the page loads itself anew after so many ms. */
const RELOAD_MS = 15_000;

const first: unknown = JSON.parse(document.getElementById("data")?.textContent ?? "null");
const kept = keptFromText(location.hash.slice(1));
const asked = new URLSearchParams(location.search).get("detail") ?? "";

const loadedAtMs = Date.now();

let data: NodesData | null = isData(first) ? first : null;
/** Names of the chosen node, or of all nodes of a chosen group. */
let selected: readonly string[] = asked === "" ? [] : [asked];
/** What had the focus when the detail was opened. */
let opener: Element | null = null;
let states = new Map<string, string>();
let theme = kept.theme;
/** Whether this page's questions get no answer, because its browser sends them without the gateway's cookie. */
let reloads = false;
let answered = false;

const map = createMapView(kept.view, (names) => select(names));
const table = createTableView(kept.choice, (name) => select([name]));
const side = createSideView((name) => select([name]));
const detail = createDetailView(
  (name) => select([name]),
  () => select([]),
);

function select(names: readonly string[]): void {
  const closing = names.length === 0;
  if (!closing && selected.length === 0) opener = document.activeElement;
  selected = names;
  show();
  if (!closing) {
    detail.focus();
    // The facts of this node come with the next answer.
    if (!reloads) poll.now();
    else if (names.length === 1) reload();
  } else if (opener instanceof HTMLElement || opener instanceof SVGElement) opener.focus();
}

function show(): void {
  if (data === null) return;
  const only = selected.length === 1 ? (selected[0] ?? null) : null;
  map.update(data, only);
  table.update(data, only);
  side.update(data);
  detail.update(data, selected);
  setText(byId("summary", HTMLParagraphElement), summary(data));
}

function summary({ nodes, agents, mode, hooks }: NodesData): string {
  const counts = [...countShownStates(nodes)].reverse().map(([state, count]) => `${count} ${state}`);
  const routed = agents.filter(({ node }) => node !== null).length;
  return [
    nodes.length === 0 ? "no nodes" : counts.join(", "),
    `${routed} of ${agents.length} agents routed`,
    ...(mode === "shadow" ? ["shadow mode: nothing is changed"] : []),
    ...(hooks === "not-live" ? ["hooks NOT LIVE"] : []),
  ].join(" · ");
}

/** Tells screen readers what changed; the first answer is no change. */
function announce({ nodes }: NodesData): void {
  const before = states;
  states = new Map(nodes.map(({ name, state }) => [name, state]));
  if (before.size === 0) return;
  const changed = nodes.filter(({ name, state }) => before.has(name) && before.get(name) !== state);
  if (changed.length === 0) return;
  const said = changed.slice(0, 3).map(({ name, state }) => `${nameText(name.slice(0, 60))} is ${state}`);
  const more = changed.length > 3 ? [`and ${changed.length - 3} more changed`] : [];
  setText(byId("announcement", HTMLParagraphElement), [...said, ...more].join(", "));
}

function showFreshness(): void {
  const state = poll.state();
  const error = state.error ?? (data === null ? errorIn(first) : null);
  const { text, bad } = freshnessText({ ...state, error }, Date.now());
  const age = data?.snapshotAgeMs ?? null;
  const listOld = age !== null && age > LIST_OLD_MS;
  const notice = byId("notice", HTMLParagraphElement);
  notice.hidden = !bad && !listOld;
  const words = bad ? text : listOld ? `The gateway's own list of nodes is ${duration(age / 1000)} old.` : "";
  // An alert is read out when its text changes: the seconds in it are not worth that.
  if (words.replaceAll(/\d+/g, "") !== (notice.textContent ?? "").replaceAll(/\d+/g, ""))
    setText(notice, words);
  setText(byId("freshness", HTMLSpanElement), bad ? "Old data" : text);
  setAttributes(document.body, { class: bad ? "old" : null });
}

async function ask(signal: AbortSignal): Promise<NodesData> {
  // In the Control UI this page has no origin of its own: the key shows that it came from this gateway.
  const key = document.querySelector("meta[name=node-router-key]")?.getAttribute("content") ?? "";
  const query = new URLSearchParams({ detail: selected.length === 1 ? (selected[0] ?? "") : "", key });
  const address = new URL("nodes.json", document.baseURI);
  address.search = query.toString();
  let answer: Response;
  try {
    answer = await fetch(address, { signal, credentials: "include", cache: "no-store", redirect: "error" });
  } catch (error) {
    if (signal.aborted) throw error;
    // The page itself was just given to us, with the gateway's cookie, and its first question is refused: a browser
    // that keeps cookies from frames.
    if (!answered && self.origin === "null") throw new CannotAsk();
    throw new Error(
      "the gateway does not answer, or this page's sign-in has ended (then open the tab again)",
    );
  }
  answered = true;
  if (answer.ok) return answer.json();
  if (answer.status === 401) throw new Error("this page's sign-in has ended: open the tab again");
  const reason = errorIn(await answer.json().catch(() => null));
  throw new Error(safe(`the gateway answered ${answer.status}${reason === null ? "" : `: ${reason}`}`));
}

const poll = startPoll<NodesData>(
  {
    ask,
    now: Date.now,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    visible: () => document.visibilityState === "visible",
    onData(next) {
      data = next;
      show();
      announce(next);
    },
    onCannotAsk() {
      reloads = true;
    },
    onState: () => queueMicrotask(showFreshness),
  },
  data !== null,
);

/** The same page with fresh data, and with everything as the reader left it. */
function reload(): void {
  const [only = ""] = selected.length === 1 ? selected : [];
  const next = new URL(location.pathname, document.baseURI);
  // A number makes the address new: else the browser would only look for what is behind the `#`.
  next.search = new URLSearchParams({ detail: only, at: String(Date.now()) }).toString();
  const { activeElement } = document;
  next.hash = keptToText({
    choice: table.choice(),
    view: map.view(),
    scroll: window.scrollY,
    focus: activeElement?.getAttribute("data-focus") ?? activeElement?.id ?? "",
    theme,
  });
  location.replace(next);
}

/** Whoever types or marks text is not interrupted. */
function isBusy(): boolean {
  const selection = document.getSelection();
  return (
    document.activeElement instanceof HTMLInputElement ||
    document.activeElement instanceof HTMLSelectElement ||
    (selection !== null && !selection.isCollapsed)
  );
}

function restore(): void {
  window.scrollTo(0, kept.scroll);
  if (kept.focus === "") return;
  const focused = [...document.querySelectorAll("[data-focus], [id]")].find(
    (element) => (element.getAttribute("data-focus") ?? element.id) === kept.focus,
  );
  if (focused instanceof HTMLElement || focused instanceof SVGElement) focused.focus({ preventScroll: true });
}

/** Why there is no data in it; null when it does not say. */
function errorIn(answer: unknown): string | null {
  const error = fieldOf(answer, "error");
  return error === undefined ? null : safe(String(error));
}

function isData(found: unknown): found is NodesData {
  return fieldOf(found, "nodes") !== undefined;
}

if (theme !== null) applyTheme(theme);
followTheme((next) => {
  theme = next;
});
document.addEventListener("visibilitychange", () => poll.visibilityChanged());
byId("refresh", HTMLButtonElement).addEventListener("click", () => (reloads ? reload() : poll.now()));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected.length > 0) select([]);
});
setInterval(() => {
  if (document.visibilityState !== "visible") return;
  showFreshness();
  if (reloads && Date.now() - loadedAtMs >= RELOAD_MS && !isBusy()) reload();
}, 1000);
show();
if (data !== null) announce(data);
showFreshness();
restore();
