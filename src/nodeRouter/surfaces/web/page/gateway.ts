// Questions to the gateway: with its cookie, or with the page's ticket where the browser keeps cookies from frames.
import { fieldOf } from "../../../../shared/jsonParts.ts";
import { safe } from "../../../../shared/safeText.ts";
import type { NodesData } from "../data.ts";
import { TICKET_PATH } from "../webPaths.ts";
import { CannotAsk } from "./poll.ts";

/** `TICKET_PATH` from where the page is: under a path of a proxy too. */
const TICKET_DATA = `../..${TICKET_PATH}`;

export interface Gateway {
  /** @throws CannotAsk when no question gets through; Error with the reason when this one has no answer. */
  ask(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<NodesData>;
  hasAnswered(): boolean;
  /** Whether questions are asked with the page's ticket, because its browser sends them without the gateway's cookie. */
  asksByTicket(): boolean;
}

export function createGateway(): Gateway {
  let byTicket = false;
  let answered = false;

  function question(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const init: RequestInit = { signal, cache: "no-store", redirect: "error" };
    if (byTicket) {
      const headers = { "X-Node-Router-Ticket": proof("ticket") };
      return fetch(addressOf(TICKET_DATA, query), { ...init, headers, credentials: "omit" });
    }
    return fetch(addressOf("nodes.json", { ...query, key: proof("key") }), {
      ...init,
      credentials: "include",
    });
  }

  async function askFor(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<NodesData> {
    let answer: Response;
    try {
      answer = await question(query, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // The page itself was just given to us, with the gateway's cookie, and its first question is refused: a browser
      // that keeps cookies from frames.
      if (!answered && !byTicket && self.origin === "null") {
        byTicket = true;
        return askFor(query, signal);
      }
      if (byTicket && (!answered || (await isThere(signal)))) throw new CannotAsk();
      throw new Error(
        "the gateway does not answer, or this page's sign-in has ended (then open the tab again)",
      );
    }
    // Without the host's rights our reports may fail there, where with the gateway's cookie they do not.
    if (byTicket && !answered && !answer.ok) throw new CannotAsk();
    answered = true;
    if (answer.ok) return answer.json();
    if (answer.status === 401) throw new Error("this page's sign-in has ended: open the tab again");
    const reason = errorIn(await answer.json().catch(() => null));
    throw new Error(safe(`the gateway answered ${answer.status}${reason === null ? "" : `: ${reason}`}`));
  }

  return { ask: askFor, hasAnswered: () => answered, asksByTicket: () => byTicket };
}

/** In the Control UI this page has no origin of its own: what shows that it came from this gateway. */
function proof(name: "key" | "ticket"): string {
  return document.querySelector(`meta[name=node-router-${name}]`)?.getAttribute("content") ?? "";
}

function addressOf(path: string, query: Readonly<Record<string, string>>): URL {
  const where = new URL(path, document.baseURI);
  where.search = new URLSearchParams(query).toString();
  return where;
}

/** Whether anything at all answers where the ticket was refused, which other origins are not told. */
async function isThere(signal: AbortSignal): Promise<boolean> {
  const asked = fetch(addressOf(TICKET_DATA, {}), { signal, mode: "no-cors", credentials: "omit" });
  return asked.then(
    () => true,
    () => false,
  );
}

/** Why there is no data in it; null when it does not say. */
export function errorIn(answer: unknown): string | null {
  const error = fieldOf(answer, "error");
  return error === undefined ? null : safe(String(error));
}
