// Tasks from one real gateway to another one 70 ms away: what that costs beside the peer's own run, and OpenClaw's A2A channel in the same run.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { fieldOf, readJson } from "../src/shared/jsonParts.ts";
import { callAny, changeConfig, withRouter } from "../test/e2e/deployment.ts";
import { startTwoGateways, type TwoGateways } from "../test/e2e/twoGateways.ts";
import { startDelayProxy } from "./delayProxy.ts";
import { type Summary, summary } from "./summary.ts";

export interface DelegationRow extends Summary {
  readonly what: string;
  /** Largest p50, ms; null: it is there to compare with. */
  readonly goalMs: number | null;
}

export interface DelegationBench {
  readonly rows: readonly DelegationRow[];
  readonly parallel: {
    readonly given: number;
    readonly completed: number;
    /** Lines that the tasks left at the peer: one each. */
    readonly executions: number;
    readonly seconds: number;
  };
}

const TOKEN = "token-of-the-bench-with-32-characters-and-more";
const PLAIN = "token-of-the-bench-for-the-channel-of-openclaw";
const RUNS = 25;
const PARALLEL = 100;

/** @param rttMs to the peer, by a delaying proxy; the TCP handshake is not delayed */
export async function benchDelegation(rttMs: number): Promise<DelegationBench> {
  const two = await startTwoGateways({
    b: {
      config: {
        channels: { a2a: { enabled: true, rateLimitPerMinute: 0, peers: { bench: { token: PLAIN } } } },
      },
      router: () => ({
        peers: {
          "gw-a": {
            accept: {
              token: TOKEN,
              agents: ["master"],
              maxRunning: PARALLEL,
              maxQueued: PARALLEL,
              perMinute: 100_000,
            },
          },
        },
      }),
    },
  });
  const wire = await startDelayProxy(two.b.port, rttMs / 2);
  try {
    await changeConfig(two.a, (config) =>
      withRouter(config, {
        peers: { "gw-b": { url: `http://127.0.0.1:${wire.port}`, token: TOKEN } },
        delegation: { waitSeconds: 240, acceptWithinSeconds: 120, rules: [{ name: "all", agents: ["*"] }] },
      }),
    );
    return { rows: await inARow(two, wire.port, rttMs), parallel: await atOnce(two) };
  } finally {
    await wire.stop();
    await two.stop();
  }
}

async function inARow(two: TwoGateways, port: number, rttMs: number): Promise<readonly DelegationRow[]> {
  const delegate = callAny("delegate", { task: 'CALL exec {"command":"true"}' });
  for (let at = 0; at < 3; at += 1) await two.a.agent("master", delegate);
  const before = new Set(recordsOf(two.a, "out").keys());
  for (let at = 0; at < RUNS; at += 1) await two.a.agent("master", delegate);
  const [given, taken] = [recordsOf(two.a, "out"), [...recordsOf(two.b, "in").values()]];
  const [over, accept]: [number[], number[]] = [[], []];
  for (const [id, out] of given) {
    const there = taken.find((task) => fieldOf(task, "messageId") === fieldOf(out, "id"));
    if (before.has(id) || there === undefined) continue;
    const ms = (record: unknown, key: string): number => Number(fieldOf(record, key));
    // Both gateways have this machine's clock.
    const own = ms(there, "endedAtMs") - ms(there, "startedAtMs");
    over.push(ms(out, "endedAtMs") - ms(out, "createdAtMs") - own);
    accept.push(ms(there, "acceptedAtMs") - ms(out, "createdAtMs") + rttMs / 2);
  }
  const ask = keptAlive(port);
  const ours = await times(() => ask("/node-router/peer", TOKEN, {}));
  const channel = await times(() => ask("/a2a/v1", PLAIN, {}));
  return [
    { what: "delegate: beyond the peer's own run", goalMs: rttMs + 30, ...summary(over) },
    {
      what: "delegate: until it is accepted, as this gateway learns",
      goalMs: rttMs + 60,
      ...summary(accept),
    },
    { what: "one blocking SendMessage, this plugin's route", goalMs: null, ...summary(ours) },
    { what: "one blocking SendMessage, OpenClaw's A2A channel", goalMs: null, ...summary(channel) },
  ];
}

async function times(run: () => Promise<unknown>): Promise<number[]> {
  for (let at = 0; at < 3; at += 1) await run();
  const taken: number[] = [];
  for (let at = 0; at < RUNS; at += 1) {
    const startedMs = performance.now();
    await run();
    taken.push(performance.now() - startedMs);
  }
  return taken;
}

/** Sends one task over a kept connection, and waits for its end. @throws Error it did not complete */
function keptAlive(port: number) {
  const agent = new Agent({ keepAlive: true });
  let number = 0;
  return async (path: string, token: string, metadata: object): Promise<void> => {
    number += 1;
    const messageId = `bench-${path.length}-${number}-${process.pid}`;
    const message = { messageId, role: "ROLE_USER", parts: [{ text: "hi" }] };
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: number,
      method: "SendMessage",
      params: { message, configuration: { returnImmediately: false }, metadata },
    });
    const text = await new Promise<string>((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "a2a-version": "1.0",
        authorization: `Bearer ${token}`,
        "content-length": Buffer.byteLength(body),
      };
      const asked = request({ host: "127.0.0.1", port, path, method: "POST", agent, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
      });
      asked.on("error", reject);
      asked.end(body);
    });
    if (!text.includes("TASK_STATE_COMPLETED")) throw new Error(`${path} answered ${text.slice(0, 300)}`);
  };
}

async function atOnce({ a, b }: TwoGateways): Promise<DelegationBench["parallel"]> {
  const file = join(b.home.home, "marks");
  const before = new Set(recordsOf(a, "out").keys());
  const calls = Array.from({ length: PARALLEL }, (_, at) =>
    callAny("delegate", { task: `CALL exec {"command":"echo ${at} >>${file}"}`, wait_seconds: 240 }),
  );
  const startedMs = performance.now();
  await a.agent("master", ["PARALLEL", ...calls, "END"].join("\n"), { timeoutMs: 600_000 });
  const seconds = (performance.now() - startedMs) / 1_000;
  const given = [...recordsOf(a, "out")].filter(([id]) => !before.has(id)).map(([, record]) => record);
  const executions = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
  const completed = given.filter((record) => fieldOf(record, "state") === "completed").length;
  return { given: given.length, completed, executions, seconds };
}

/** As they are kept on the disk, by their file. */
function recordsOf({ home }: TwoGateways["a"], direction: "in" | "out"): ReadonlyMap<string, unknown> {
  const folder = join(home.stateDir, "node-router", "delegations", direction);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  return new Map(files.map((file) => [file, readJson(readFileSync(join(folder, file), "utf8"))]));
}
