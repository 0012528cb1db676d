// The scripted model: an OpenAI-compatible server that does what the user message says, so a run is repeatable.
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AskedCall, type ChatMessage, nextReply, type Reply, resultsOf, textOf } from "./modelScript.ts";
import { type AnswerTokens, tokensOf, writeReply } from "./modelWire.ts";

/** One request that OpenClaw sent to the model, with the answer it got. */
export interface ModelRequest {
  readonly agent: string | null;
  readonly session: string | null;
  readonly model: string;
  readonly tools: readonly string[];
  readonly messages: readonly ChatMessage[];
  /** Texts of the tool results of the script in hand, in call order. */
  readonly results: readonly string[];
  readonly reply: Reply<AskedCall>;
  /** What it was told to have cost. */
  readonly tokens: AnswerTokens;
  /** When it came, by `performance.now()`. */
  readonly atMs: number;
}

export interface ScriptedModel {
  /** Base address for `models.providers.<id>.baseUrl`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Tool results of the newest request of this session (full key or its end). */
  results(session: string): readonly string[];
  /** The first request, old or new, for which `accept` holds. */
  waitFor(
    what: string,
    accept: (request: ModelRequest) => boolean,
    timeoutMs?: number,
  ): Promise<ModelRequest>;
  /** Forgets the requests of this session: a long run would keep every prompt. */
  forget(session: string): void;
  stop(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
};

/** OpenClaw's system prompt names the agent and the session of the run. */
const runtimeOf = (messages: readonly ChatMessage[]): { agent: string | null; session: string | null } => {
  for (const message of [...messages].reverse()) {
    const found = textOf(message).match(/Runtime: agent=(\S+) \| session=(\S+)/);
    if (found) return { agent: found[1] ?? null, session: found[2] ?? null };
  }
  return { agent: null, session: null };
};

interface CompletionRequest {
  model: string;
  stream?: boolean;
  messages?: ChatMessage[];
  tools?: { function?: { name?: string } }[];
}

let issues = 0;

/** Each call gets an id of its own, in this process; in its arguments `ISSUE` becomes that number. */
function numbered(reply: Reply): Reply<AskedCall> {
  if (!("calls" in reply)) return reply;
  const calls = reply.calls.map((call) => {
    issues += 1;
    return { ...call, id: `call_${issues}`, args: call.args.replace(/\bISSUE\b/g, String(issues)) };
  });
  return { calls };
}

/** Starts the model on a free loopback port. It belongs to this process and needs no other. */
export async function startModel(): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  const arrivals = new EventEmitter().setMaxListeners(0);

  const complete = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const atMs = performance.now();
    const {
      model,
      stream,
      messages = [],
      tools = [],
    } = JSON.parse(await bodyOf(request)) as CompletionRequest;
    const reply = numbered(nextReply(messages));
    const tokens = tokensOf(reply, JSON.stringify([messages, tools]).length);
    const entry: ModelRequest = {
      ...runtimeOf(messages),
      model,
      tools: tools.map((tool) => tool.function?.name ?? "?"),
      messages,
      results: resultsOf(messages),
      reply,
      tokens,
      atMs,
    };
    requests.push(entry);
    writeReply(response, { model, stream: stream === true, reply, tokens });
    arrivals.emit("request", entry);
  };

  const server = createServer((request, response) => {
    if (request.method !== "POST") return void response.end(JSON.stringify({ data: [] }));
    complete(request, response).catch((error: unknown) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: { message: `scripted model: ${String(error)}` } }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    results: (session) => requests.findLast((entry) => entry.session?.endsWith(session))?.results ?? [],
    async waitFor(what, accept, timeoutMs = 150_000) {
      const seen = requests.find(accept);
      if (seen) return seen;
      const { promise, resolve, reject } = Promise.withResolvers<ModelRequest>();
      const look = (entry: ModelRequest): void => void (accept(entry) && resolve(entry));
      const timer = setTimeout(
        () =>
          reject(
            new Error(
              `gave up after ${timeoutMs / 1000} s waiting for ${what}; the model got ${requests.length} requests`,
            ),
          ),
        timeoutMs,
      );
      arrivals.on("request", look);
      return promise.finally(() => {
        clearTimeout(timer);
        arrivals.off("request", look);
      });
    },
    forget(session) {
      const kept = requests.filter((entry) => entry.session?.endsWith(session) !== true);
      requests.splice(0, requests.length, ...kept);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
