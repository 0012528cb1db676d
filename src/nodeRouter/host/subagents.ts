// The host's runs of an agent in a session of ours, in our shapes: started, waited for, read and ended.
import { fieldOf, itemsOf, numberIn, trimmedText } from "../../shared/jsonParts.ts";
import { outsideCaller } from "./callerScope.ts";

/** What a run is begun with. */
export interface RunAsk {
  /** `agent:<id>:subagent:…`: of such a session the host resumes nothing by itself after a crash (2026.9.6). */
  readonly session: string;
  readonly message: string;
  /** The run's id. The host begins no second run of one key while it remembers the first, 5 min after its end. */
  readonly key: string;
  /** Added to the agent's own prompt. */
  readonly prompt: string;
}

/** How a run ended. */
export interface RunEnd {
  readonly isOk: boolean;
  /** What the agent said; null: the host does not say, ask `lastAnswer`. */
  readonly text: string | null;
  /** The host's words; null: it is ok, or the host has none. */
  readonly error: string | null;
  /** Only its turn ended: it waits for its sub-agents, after which the host begins another run in the session. */
  readonly isYielded?: true;
}

/** What the host keeps of a session. */
export interface SessionState {
  /** `running`, `done`, `failed`, `killed`, `timeout`, `interrupted`; null where it does not say. */
  readonly status: string | null;
  /** Epoch ms, of its latest run; null: none has ended. */
  readonly endedAtMs: number | null;
  /** Of the latest run, input and output; null: not told. */
  readonly tokens: number | null;
}

/** Every call rejects once the registration that it came from is replaced. */
export interface Subagents {
  /** Resolves when the host has taken it. Rejects: it may have begun all the same. */
  run(ask: RunAsk): Promise<void>;
  /** Null: it has not ended, waits for its session, or the host knows no such run: it tells these not apart. */
  wait(key: string, timeoutMs: number): Promise<RunEnd | null>;
  /** The last text that the agent said in the session; null: there is none. */
  lastAnswer(session: string): Promise<string | null>;
  /**
   * Ends what runs in the session, by deleting the session; its transcript stays. May reject although it did ("changed
   * before deletion"): call it again, and look with `wait`.
   */
  end(session: string): Promise<void>;
  /** Rejects while the gateway is being stopped: it takes no calls of ours any more. */
  check(): Promise<void>;
  /** Null: the host keeps nothing. Throws when it cannot tell. */
  session(agent: string, session: string): SessionState | null;
}

/** What is used of `api.runtime`. */
export interface SubagentRuntime {
  readonly subagent: {
    run(params: {
      sessionKey: string;
      message: string;
      extraSystemPrompt: string;
      deliver: false;
      idempotencyKey: string;
    }): Promise<unknown>;
    waitForRun(params: { runId: string; timeoutMs: number }): Promise<unknown>;
    getSessionMessages(params: { sessionKey: string; limit: number }): Promise<unknown>;
    deleteSession(params: { sessionKey: string; deleteTranscript: false }): Promise<unknown>;
  };
  readonly agent: {
    readonly session: { getSessionEntry(params: { agentId: string; sessionKey: string }): unknown };
  };
}

/** Messages at the end of a session among which the answer is. */
const LAST = 20;
const NO_RUN = "node-router-no-run";

/** Outside of whatever called: a route of ours has no right to runs, and what it begins keeps its rights. */
export function openSubagents({ subagent, agent }: SubagentRuntime): Subagents {
  return {
    async run({ session, message, key, prompt }) {
      const params = { sessionKey: session, message, extraSystemPrompt: prompt, deliver: false } as const;
      await outsideCaller(() => subagent.run({ ...params, idempotencyKey: key }));
    },
    async wait(key, timeoutMs) {
      return readRunEnd(await outsideCaller(() => subagent.waitForRun({ runId: key, timeoutMs })));
    },
    async lastAnswer(session) {
      const given = await outsideCaller(() =>
        subagent.getSessionMessages({ sessionKey: session, limit: LAST }),
      );
      const said = itemsOf(fieldOf(given, "messages")).flatMap((message) => assistantText(message) ?? []);
      return said.at(-1) ?? null;
    },
    async end(session) {
      await outsideCaller(() => subagent.deleteSession({ sessionKey: session, deleteTranscript: false }));
    },
    async check() {
      await outsideCaller(() => subagent.waitForRun({ runId: NO_RUN, timeoutMs: 1 }));
    },
    session(agentId, sessionKey) {
      const entry = agent.session.getSessionEntry({ agentId, sessionKey });
      if (typeof entry !== "object" || entry === null) return null;
      const [input, output] = [numberIn(entry, "inputTokens"), numberIn(entry, "outputTokens")];
      return {
        status: trimmedText(fieldOf(entry, "status")),
        endedAtMs: numberIn(entry, "endedAt"),
        tokens: input === null && output === null ? null : (input ?? 0) + (output ?? 0),
      };
    },
  };
}

/** Bare `timeout` and `pending` are no ends; a run that took too long has a time of its end. */
export function readRunEnd(answer: unknown): RunEnd | null {
  const status = fieldOf(answer, "status");
  const isOver =
    status === "ok" || status === "error" || (status === "timeout" && numberIn(answer, "endedAt") !== null);
  if (!isOver) return null;
  const reply = fieldOf(answer, "terminalReply");
  const text = fieldOf(reply, "text");
  const isSilent = ["silent", "empty"].some((one) => one === fieldOf(reply, "disposition"));
  return {
    isOk: status === "ok",
    text: typeof text === "string" ? text : isSilent ? "" : null,
    ...(status === "ok" && fieldOf(answer, "yielded") === true ? { isYielded: true } : {}),
    error:
      status === "ok"
        ? null
        : (trimmedText(fieldOf(answer, "error")) ?? trimmedText(fieldOf(answer, "stopReason"))),
  };
}

/** Of one message of the host's transcript; null: it is not the agent's, or holds no text. */
function assistantText(message: unknown): string | null {
  if (fieldOf(message, "role") !== "assistant") return null;
  const content = fieldOf(message, "content");
  if (typeof content === "string") return trimmedText(content);
  const parts = itemsOf(content).flatMap((part) =>
    fieldOf(part, "type") === "text" ? fieldOf(part, "text") : [],
  );
  return trimmedText(parts.filter((text) => typeof text === "string").join("\n"));
}
