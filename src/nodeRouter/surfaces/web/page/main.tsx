// The page "Nodes": draws what came with it, and asks the gateway for news every few seconds.
import { render } from "preact";
import { fieldOf } from "../../../../shared/jsonParts.ts";
import type { NodesData } from "../data.ts";
import { type Actions, App, type Chosen, type Freshness } from "./app.tsx";
import { focusOn, isFocusable } from "./focus.ts";
import { duration } from "./format.ts";
import { createGateway, errorIn } from "./gateway.ts";
import { keptFromText, keptToText } from "./keep.ts";
import { makeAttributesHarmless } from "./parts.tsx";
import { freshnessText, startPoll } from "./poll.ts";
import { changesText, statesOf } from "./stateChanges.ts";
import { applyTheme, followTheme } from "./theme.ts";

/** The gateway's own list of nodes should not be older than this, ms. */
const LIST_OLD_MS = 60_000;

/** What was spent is asked for so often, ms. */
const USAGE_MS = 60_000;

/** To count what was never counted takes long; nothing else waits for it. */
const USAGE_TIMEOUT_MS = 120_000;

/** Where questions do not get through, the page loads itself anew after so many ms. */
const RELOAD_MS = 15_000;

/** Where they do with the page's ticket, so many ms before that ends. */
const NEW_TICKET_MS = 4 * 60_000;

makeAttributesHarmless();

const root = document.getElementById("app");
const first: unknown = JSON.parse(document.getElementById("data")?.textContent ?? "null");
const kept = keptFromText(location.hash.slice(1));
const address = new URLSearchParams(location.search);
const asked = address.get("detail") ?? "";

const loadedAtMs = Date.now();

let data: NodesData | null = isData(first) ? first : null;
let chosen: Chosen = {
  selected: asked === "" ? [] : [asked],
  agent: address.get("agent") ?? "",
  down: address.get("down") ?? "",
  choice: kept.choice,
  view: kept.view,
};
let usage: NodesData["usage"] | null = null;
/** Epoch ms; null while nobody asks. */
let usageAskedMs: number | null = Number.NEGATIVE_INFINITY;
let freshness: Freshness = { text: "", notice: "", announcement: "" };
/** What had the focus when the detail was opened. */
let opener: Element | null = null;
let states: ReadonlyMap<string, string> = new Map();
let theme = kept.theme;
/** Whether questions get no answer, with the page's ticket either. */
let reloads = false;
const gateway = createGateway();

const actions: Actions = {
  onSelect: select,
  onAgent(agent, down = "") {
    const isSame = agent === chosen.agent;
    choose({ agent, down });
    if (agent === "") return;
    if (!isSame) focusOn(`agent ${agent}`, true);
    // The explanation comes with the next answer.
    if (reloads) reload();
    else poll.now();
  },
  onChoice: (change) => choose({ choice: { ...chosen.choice, ...change } }),
  onView: (view) => choose({ view }),
  onRefresh: () => (reloads ? reload() : poll.now()),
};

/** "": none, or several. */
function onlyOf(selected: readonly string[]): string {
  return selected.length === 1 ? (selected[0] ?? "") : "";
}

function choose(change: Partial<Chosen>): void {
  chosen = { ...chosen, ...change };
  draw();
}

function select(names: readonly string[]): void {
  const isClosing = names.length === 0;
  if (!isClosing && chosen.selected.length === 0) opener = document.activeElement;
  choose({ selected: names });
  if (!isClosing) {
    document.getElementById("detail-title")?.focus();
    // The facts of this node come with the next answer.
    if (!reloads) poll.now();
    else if (names.length === 1) reload();
  } else if (isFocusable(opener)) opener.focus();
}

function draw(): void {
  if (root === null) return;
  const focused = document.activeElement;
  render(<App data={data} usage={usage} chosen={chosen} freshness={freshness} actions={actions} />, root);
  // Moving an element takes the focus from it.
  if (focused !== document.activeElement && isFocusable(focused) && focused.isConnected)
    focused.focus({ preventScroll: true });
}

/** Tells screen readers what changed; the first answer is no change. */
function announce(next: NodesData): void {
  const before = states;
  states = statesOf(next);
  const announcement = before.size === 0 ? "" : changesText(next, before);
  if (announcement !== "") freshness = { ...freshness, announcement };
}

function showFreshness(): void {
  const state = poll.state();
  const error = state.error ?? (data === null ? errorIn(first) : null);
  const { text, bad } = freshnessText({ ...state, error }, Date.now());
  const age = data?.snapshotAgeMs ?? null;
  const isListOld = age !== null && age > LIST_OLD_MS;
  const words = bad
    ? text
    : isListOld
      ? `The gateway's own list of nodes is ${duration(age / 1000)} old.`
      : "";
  // An alert is read out when its text changes: the seconds in it are not worth that.
  const isSame = words.replaceAll(/\d+/g, "") === freshness.notice.replaceAll(/\d+/g, "");
  freshness = { ...freshness, text: bad ? "Old data" : text, notice: isSame ? freshness.notice : words };
  document.body.classList.toggle("old", bad);
  draw();
}

async function ask(signal: AbortSignal): Promise<NodesData> {
  const { selected, agent, down } = chosen;
  return gateway.ask({ detail: onlyOf(selected), agent, down }, signal);
}

/** Once there was an answer, so that the browser is known to let questions through. */
async function askUsage(): Promise<void> {
  const nowMs = Date.now();
  if (!gateway.hasAnswered() || usageAskedMs === null || nowMs - usageAskedMs < USAGE_MS) return;
  usageAskedMs = null;
  try {
    usage =
      (await gateway.ask({ detail: "", usage: "" }, AbortSignal.timeout(USAGE_TIMEOUT_MS))).usage ?? usage;
    draw();
  } catch {
    // What it said last stays; why there is no answer is said of the other question.
  } finally {
    usageAskedMs = nowMs;
  }
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
      announce(next);
      draw();
    },
    onCannotAsk() {
      reloads = true;
    },
    onState: () => queueMicrotask(showFreshness),
  },
  data !== null,
);

/** How old this page gets before it loads itself anew, ms. */
function patienceMs(): number {
  // A ticket that was good has ended: the next page has another.
  if (reloads) return gateway.hasAnswered() ? 0 : RELOAD_MS;
  return gateway.asksByTicket() ? NEW_TICKET_MS : Number.POSITIVE_INFINITY;
}

/** The same page with fresh data, and with everything as the reader left it. */
function reload(): void {
  const { selected, agent, down, choice, view } = chosen;
  const next = new URL(location.pathname, document.baseURI);
  // A number makes the address new: else the browser would only look for what is behind the `#`.
  const explained = agent === "" ? {} : { agent, down };
  const look = theme === null ? {} : { theme: theme.mode };
  const query = { detail: onlyOf(selected), ...explained, ...look, at: String(Date.now()) };
  next.search = new URLSearchParams(query).toString();
  const { activeElement } = document;
  next.hash = keptToText({
    choice,
    view,
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

function isData(found: unknown): found is NodesData {
  return fieldOf(found, "nodes") !== undefined;
}

if (theme !== null) applyTheme(theme);
followTheme((next) => {
  theme = next;
});
document.addEventListener("visibilitychange", () => poll.visibilityChanged());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen.selected.length > 0) select([]);
});
setInterval(() => {
  if (document.visibilityState !== "visible") return;
  showFreshness();
  void askUsage();
  if (Date.now() - loadedAtMs >= patienceMs() && !isBusy()) reload();
}, 1000);
if (data !== null) announce(data);
showFreshness();
window.scrollTo(0, kept.scroll);
if (kept.focus !== "") focusOn(kept.focus, false);
