// A real gateway takes tasks of its peers by plain HTTP: once each, whatever fails, and of nobody else.
import { readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionOf, taskIdOf } from "../../src/nodeRouter/delegation/inbox/taskIds.ts";
import { EXTENSION } from "../../src/nodeRouter/delegation/protocol/wire.ts";
import { fieldOf } from "../../src/shared/jsonParts.ts";
import type { JsonObject } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { isAlive, processesOf } from "../support/leftovers.ts";
import { waitFor } from "../support/wait.ts";
import { changeConfig, withRouter } from "./deployment.ts";
import { recordsOf } from "./ledgerOf.ts";
import { markedTasks } from "./markedTasks.ts";

const TOKEN = "t".repeat(40);
const OTHER = "o".repeat(40);
const NEXT = "n".repeat(40);

let gateway: Gateway;
let calls = 0;

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Null: the body is no JSON. */
  readonly json: unknown;
  readonly headers: Headers;
}

const HEADERS = { "content-type": "application/json", "a2a-version": "1.0", "a2a-extensions": EXTENSION };

async function post(body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${gateway.port}/node-router/peer`, {
    method: "POST",
    headers: { ...HEADERS, authorization: `Bearer ${TOKEN}`, ...headers },
    body,
  });
  const text = await response.text();
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {}
  return { status: response.status, body: text, json, headers: response.headers };
}

async function rpc(method: string, params: object, headers?: Record<string, string>): Promise<unknown> {
  const { status, body, json } = await post(
    JSON.stringify({ jsonrpc: "2.0", id: ++calls, method, params }),
    headers,
  );
  if (status !== 200) throw new Error(`${method}: ${status} ${body}`);
  return fieldOf(json, "result") ?? fieldOf(json, "error");
}

const sendParams = (
  messageId: string,
  text: string,
  more: { context?: string; extension?: object } = {},
) => ({
  message: {
    messageId,
    role: "ROLE_USER",
    parts: [{ text }],
    ...(more.context === undefined ? {} : { contextId: more.context }),
  },
  configuration: { returnImmediately: true },
  metadata: {
    [EXTENSION]: {
      agent: "worker-sg",
      requester: "master",
      chain: ["gw-a"],
      maxHops: 1,
      acceptBeforeMs: Date.now() + 60_000,
      maxMinutes: null,
      ...more.extension,
    },
  },
});
const send = (id: string, text: string, more?: Parameters<typeof sendParams>[2]) =>
  rpc("SendMessage", sendParams(id, text, more));
const idOf = (sent: unknown): string => String(fieldOf(fieldOf(sent, "task"), "id"));
const phaseOf = (task: unknown): unknown => fieldOf(fieldOf(fieldOf(task, "metadata"), EXTENSION), "phase");
const ranOf = (task: unknown): unknown =>
  fieldOf(fieldOf(fieldOf(task, "metadata"), EXTENSION), "mayHaveRun");
const get = (id: string, waitMs = 0) => rpc("GetTask", { id, metadata: { [EXTENSION]: { waitMs } } });
const find = (messageId: string) => rpc("node-router/FindTask", { messageId });
const fence = (messageId: string) => rpc("node-router/FenceMessage", { messageId });
const ended = (id: string) =>
  waitFor("the task to end", async () => {
    const task = await get(id, 5_000);
    return ["accepted", "starting", "working"].includes(String(phaseOf(task))) ? false : task;
  });

const { marking, marks, running, pidOf, go } = markedTasks(() => gateway);
const records = () => recordsOf(gateway);
const begin = async () => {
  await gateway.start();
  return ready();
};
const ready = () =>
  waitFor("the inbox", async () => {
    const answer = await post(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method: "GetExtendedAgentCard", params: {} }),
    );
    return answer.status === 200;
  });

beforeAll(async () => {
  gateway = await startGateway({ withPlugin: true, readyTimeoutMs: 600_000 });
  await changeConfig(gateway, (config) => withRouter(config, routerWith(TOKEN)));
  await ready();
});

function routerWith(token: string): JsonObject {
  return {
    gatewayName: "gw-b",
    nodes: {},
    audit: "strict",
    peers: {
      "gw-a": {
        accept: { token, agents: ["worker-sg"], maxRunning: 3, maxQueued: 5, perMinute: 1_000 },
      },
      "gw-c": { accept: { token: OTHER, agents: ["worker-cn", "worker-sg"] } },
    },
  };
}

afterAll(async () => {
  const dir = gateway?.home.dir;
  await gateway?.stop();
  if (dir !== undefined) await waitFor("nothing to be left", () => processesOf(dir).length === 0);
});

describe("a task", () => {
  test("is done once, its result is told, and both the record and the tool's call name it", async () => {
    const sent = await send("m-happy", marking("happy"));
    const id = idOf(sent);
    const task = await ended(id);
    expect(phaseOf(task)).toBe("completed");
    expect(JSON.stringify(fieldOf(task, "artifacts"))).toContain("done-happy");
    expect(fieldOf(fieldOf(task, "metadata"), EXTENSION)).toMatchObject({
      ran: [{ tool: "exec", calls: 1 }],
    });
    expect(marks("happy")).toBe("start end");
    const of = await waitFor("both records", () => {
      const found = records().filter((record) => record.id === "m-happy");
      return found.length === 2 && found;
    });
    expect(of.map(({ phase }) => phase)).toEqual(["begin", "end"]);
    expect(of[1]).toMatchObject({
      kind: "delegation",
      direction: "in",
      peer: "gw-a",
      peerAgent: "master",
      agent: "worker-sg",
      outcome: "done",
      chain: ["gw-a"],
    });
    // The model is told whose request it is.
    const request = gateway.model.requests.find(({ session }) => session?.includes(":subagent:peer-gw-a-"));
    expect(JSON.stringify(request?.messages[0])).toContain("This task comes from gateway gw-a");
  });

  test("that is sent again is the same, before and after its end; with another text its id is used", async () => {
    const params = sendParams("m-twice", marking("twice", true));
    const [one, other] = await Promise.all([rpc("SendMessage", params), rpc("SendMessage", params)]);
    const id = idOf(one);
    expect(idOf(other)).toBe(id);
    await running("twice");
    expect(idOf(await rpc("SendMessage", params))).toBe(id);
    expect(await send("m-twice", "something else")).toMatchObject({
      code: -32_000,
      data: [{ reason: "ALREADY_USED" }],
    });
    go("twice");
    expect(phaseOf(await ended(id))).toBe("completed");
    expect(phaseOf(fieldOf(await rpc("SendMessage", params), "task"))).toBe("completed");
    expect(marks("twice")).toBe("start end");
  });

  test("that was fenced before it came is refused for ever; one that is there is told instead", async () => {
    expect(await find("m-fence")).toMatchObject({ found: "unknown" });
    expect(await fence("m-fence")).toMatchObject({ found: "fenced" });
    expect(await send("m-fence", marking("fence"))).toMatchObject({ data: [{ reason: "FENCED" }] });
    await gateway.end();
    await begin();
    expect(await send("m-fence", marking("fence"))).toMatchObject({ data: [{ reason: "FENCED" }] });
    expect(marks("fence")).toBe("");
    expect(await fence("m-happy")).toMatchObject({ found: "task" });
    expect(await find("m-happy")).toMatchObject({
      found: "task",
      task: { status: { state: "TASK_STATE_COMPLETED" } },
    });
  });

  test("of one conversation waits for the one before it, and knows it", async () => {
    const first = idOf(await send("m-one", marking("one", true), { context: "talk" }));
    await running("one");
    const second = idOf(await send("m-two", marking("two"), { context: "talk" }));
    expect(phaseOf(await get(second))).toBe("accepted");
    go("one");
    await ended(first);
    await ended(second);
    expect([marks("one"), marks("two")]).toEqual(["start end", "start end"]);
    const last = gateway.model.requests.findLast(
      ({ session }) => session === sessionOf("worker-sg", "gw-a", "talk"),
    );
    expect(JSON.stringify(last?.messages)).toContain("done-one");
  });

  test("that is canceled ends with its processes; a queued one never runs; an ended one cannot be", async () => {
    const id = idOf(await send("m-cancel", marking("cancel", true), { context: "cancels" }));
    await running("cancel");
    const queued = idOf(await send("m-queued", marking("queued"), { context: "cancels" }));
    const dropped = await rpc("CancelTask", { id: queued });
    expect([phaseOf(dropped), ranOf(dropped)]).toEqual(["canceled", false]);
    await rpc("CancelTask", { id });
    const canceled = await ended(id);
    expect([phaseOf(canceled), ranOf(canceled)]).toEqual(["canceled", true]);
    await waitFor("its process to end", () => !isAlive(pidOf("cancel")));
    expect([marks("cancel"), marks("queued")]).toEqual(["start", ""]);
    expect(phaseOf(await rpc("CancelTask", { id }))).toBe("canceled");
    expect(await rpc("CancelTask", { id: taskIdOf("gw-a", "m-happy") })).toMatchObject({ code: -32_002 });
  });

  test("during which the gateway is killed is interrupted, and is not run again; one that had not begun is run once", async () => {
    const id = idOf(await send("m-killed", marking("killed", true)));
    await running("killed");
    await gateway.kill9();
    const waiting = taskIdOf("gw-a", "m-waiting");
    const inbox = join(gateway.home.stateDir, "node-router", "delegations", "in");
    const record = JSON.parse(readFileSync(join(inbox, `${id}.json`), "utf8")) as JsonObject;
    expect(["starting", "working"]).toContain(record.phase);
    writeFileSync(
      join(inbox, `${waiting}.json`),
      JSON.stringify({
        ...record,
        id: waiting,
        messageId: "m-waiting",
        context: "waiting",
        session: sessionOf("worker-sg", "gw-a", "waiting"),
        text: marking("waiting"),
        phase: "accepted",
        life: null,
        runs: 0,
        startedAtMs: null,
      }),
    );
    await begin();
    const task = await ended(id);
    expect([phaseOf(task), ranOf(task)]).toEqual(["interrupted", true]);
    expect(phaseOf(await ended(waiting))).toBe("completed");
    expect([marks("killed"), marks("waiting")]).toEqual(["start", "start end"]);
    go("killed");
    expect(await send("m-killed", marking("killed", true))).toMatchObject({ task: { id } });
  });

  test("that runs while the gateway is stopped in order has its result afterwards", async () => {
    const id = idOf(await send("m-drain", marking("drain", true)));
    await running("drain");
    const before = gateway.log().length;
    const stopping = gateway.end();
    await waitFor("the gateway to stop", () => gateway.log().slice(before).includes("draining"));
    go("drain");
    await stopping;
    await begin();
    const task = await ended(id);
    expect(phaseOf(task)).toBe("completed");
    expect(JSON.stringify(task)).toContain("done-drain");
    expect(marks("drain")).toBe("start end");
  });
});

describe("whoever is not let in", () => {
  test("gets nothing without a token, and nothing of another peer", async () => {
    const ask = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "GetExtendedAgentCard", params: {} });
    expect((await post(ask, { authorization: "" })).status).toBe(401);
    expect((await post(ask, { authorization: `Bearer ${gateway.token}` })).status).toBe(401);
    expect(
      await rpc("GetTask", { id: taskIdOf("gw-a", "m-happy") }, { authorization: `Bearer ${OTHER}` }),
    ).toMatchObject({
      code: -32_001,
    });
    const listed = await rpc("ListTasks", {}, { authorization: `Bearer ${OTHER}` });
    expect(fieldOf(listed, "totalSize")).toBe(0);
  });

  test("learns of its own agents alone, and that nothing streams", async () => {
    expect(await rpc("GetExtendedAgentCard", {})).toMatchObject({
      capabilities: { streaming: false },
      skills: [{ id: "worker-sg" }],
    });
    expect(await send("m-agent", "hello", { extension: { agent: "master" } })).toMatchObject({
      data: [{ reason: "AGENT_NOT_OFFERED" }],
    });
    expect(await rpc("SendStreamingMessage", {})).toMatchObject({ code: -32_004 });
  });

  test.each<[string, string, Record<string, string>, number]>([
    ["a page in a browser", "{}", { origin: "http://evil.example" }, 403],
    ["a form", "a=b", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a body of 5 MB", `"${"x".repeat(5_000_000)}"`, {}, 413],
  ])("as %s is refused", async (_what, body, headers, status) => {
    expect((await post(body, headers)).status).toBe(status);
  });

  test("with nonsense gets the spec's errors", async () => {
    expect((await post("{")).json).toMatchObject({ error: { code: -32_700 } });
    expect((await post("[]")).json).toMatchObject({ error: { code: -32_600 } });
    expect(await send("m-slash", "/new")).toMatchObject({ data: [{ reason: "TASK_UNREADABLE" }] });
    expect(await send("m-late", "x", { extension: { acceptBeforeMs: Date.now() - 1 } })).toMatchObject({
      data: [{ reason: "TOO_LATE" }],
    });
    expect(await send("m-hops", "x", { extension: { chain: ["a", "b"] } })).toMatchObject({
      data: [{ reason: "TOO_MANY_HOPS" }],
    });
    expect(await rpc("GetTask", { id: "x" }, { "a2a-version": "0.3" })).toMatchObject({ code: -32_009 });
  });

  test("as an A2A client without our extension is served, and chooses neither session nor model nor folder", async () => {
    const sent = await rpc("SendMessage", {
      message: {
        messageId: "m-plain",
        role: "ROLE_USER",
        parts: [{ text: "hello plain" }],
        metadata: { sessionKey: "agent:master:main", model: "evil/model", cwd: "/" },
      },
      metadata: { sessionKey: "agent:master:main" },
    });
    // It waits for the end, but not for ever.
    expect(await ended(idOf(sent))).toMatchObject({ status: { state: "TASK_STATE_COMPLETED" } });
    const request = gateway.model.requests.findLast(({ messages }) =>
      JSON.stringify(messages).includes("hello plain"),
    );
    expect(request?.session).toContain("agent:worker-sg:subagent:peer-gw-a-");
    expect(request?.model).toBe("model");
  });

  test("with a body that never ends is not waited for", async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(
        {
          port: gateway.port,
          host: "127.0.0.1",
          path: "/node-router/peer",
          method: "POST",
          headers: { ...HEADERS, authorization: `Bearer ${TOKEN}`, "content-length": 1_000 },
        },
        (response) => resolve(response.statusCode ?? 0),
      );
      request.on("error", reject);
      request.write("{");
    });
    expect(status).toBe(408);
  });

  test("by the token of before is refused once the config has another one, and its task runs on", async () => {
    const id = idOf(await send("m-token", marking("token", true)));
    await running("token");
    await changeConfig(gateway, (config) => withRouter(config, routerWith(NEXT)));
    const by = { authorization: `Bearer ${NEXT}` };
    await waitFor("the new token", async () => (await post("{", by)).status === 200);
    expect((await post("{")).status).toBe(401);
    go("token");
    const task = await waitFor("its end", async () => {
      const now = await rpc("GetTask", { id }, by);
      return phaseOf(now) === "completed" && now;
    });
    expect(JSON.stringify(task)).toContain("done-token");
    expect(marks("token")).toBe("start end");
  });

  test("with wrong tokens again and again is told to wait, and the right one still works", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 50; i++)
      statuses.push((await post("{}", { authorization: `Bearer wrong-${i}` })).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await post("{", { authorization: `Bearer ${NEXT}` })).status).toBe(200);
  });

  test("finds no token in any log, record or prompt", () => {
    const seen = [gateway.log(), JSON.stringify(records()), JSON.stringify(gateway.model.requests)].join(
      "\n",
    );
    for (const token of [TOKEN, OTHER, NEXT]) expect(seen).not.toContain(token);
  });
});
