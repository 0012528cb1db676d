// What a peer reads: its own tasks alone, as A2A writes them.
import { describe, expect, test } from "vitest";
import { answerPeer } from "../../../../src/nodeRouter/delegation/inbox/answerPeer.ts";
import { delegationId } from "../../../../src/nodeRouter/delegation/model/ids.ts";
import type { PeerRequest } from "../../../../src/nodeRouter/delegation/protocol/peerRequest.ts";
import { EXTENSION } from "../../../../src/nodeRouter/delegation/protocol/wire.ts";
import { fieldOf } from "../../../../src/shared/jsonParts.ts";
import { asked, inboxConfig, inboxWorld } from "../../../support/delegation/inboxWorld.ts";
import { waitFor } from "../../../support/wait.ts";

const BLANKS = [{ fromMs: 5, toMs: 9 }];

function gateway(config = inboxConfig()) {
  const world = inboxWorld(config);
  const ask = async (request: PeerRequest, peer = "gw-a") => {
    const answer = await answerPeer(
      {
        inbox: world.inbox,
        config: () => world.config,
        agents: () => world.agents,
        gateway: "id-b",
        pluginVersion: "1.2.3",
        blanks: BLANKS,
        now: () => world.clockMs,
      },
      peer,
      request,
      "http://x/",
    );
    return fieldOf(answer, "result") ?? answer;
  };
  return { world, ask };
}

const send = (id: string, changes: Parameters<typeof asked>[1] = {}): PeerRequest => ({
  ask: "send",
  task: asked(id, changes),
});
const list = (more: object = {}): PeerRequest => ({
  ask: "list",
  context: null,
  state: null,
  pageSize: 50,
  from: 0,
  withResults: false,
  ...more,
});

describe("a task", () => {
  test("is told with how it is; who waits is answered at its end", async () => {
    const { world, ask } = gateway();
    expect(await ask(send("m1"))).toMatchObject({
      task: {
        status: { state: "TASK_STATE_SUBMITTED" },
        metadata: { [EXTENSION]: { messageId: "m1", gateway: "id-b", phase: "accepted", mayHaveRun: false } },
      },
    });
    const waited = ask(send("m1", { waits: true }));
    await waitFor("it to run", () => world.runs.length === 1);
    world.endRun(world.runs[0]);
    expect(await waited).toMatchObject({
      task: {
        status: { state: "TASK_STATE_COMPLETED" },
        artifacts: [{ parts: [{ text: "answer to do m1" }] }],
        metadata: { [EXTENSION]: { phase: "completed", mayHaveRun: true } },
      },
    });
  });

  test("is listed to its peer, the newest first, in pages, and to nobody else", async () => {
    const { ask } = gateway(inboxConfig({ maxQueued: 20 }));
    for (const id of ["m1", "m2", "m3"]) await ask(send(id, { context: id === "m2" ? "two" : "one" }));
    const contexts = async (request: PeerRequest, peer?: string) => {
      const answer = await ask(request, peer);
      const tasks = fieldOf(answer, "tasks");
      const ids = Array.isArray(tasks)
        ? tasks.map((task) => fieldOf(fieldOf(fieldOf(task, "metadata"), EXTENSION), "messageId"))
        : [];
      return [ids, fieldOf(answer, "nextPageToken"), fieldOf(answer, "totalSize")];
    };
    expect(await contexts(list({ pageSize: 2 }))).toEqual([["m3", "m2"], "2", 3]);
    expect(await contexts(list({ pageSize: 2, from: 2 }))).toEqual([["m1"], "", 3]);
    expect(await contexts(list({ context: "two" }))).toEqual([["m2"], "", 1]);
    expect(await contexts(list({ state: "TASK_STATE_COMPLETED" }))).toEqual([[], "", 0]);
    expect(await contexts(list(), "gw-c")).toEqual([[], "", 0]);
  });

  test("of nobody, and of another peer, is not found", async () => {
    const { world, ask } = gateway();
    await ask(send("m1"));
    const id = world.inbox.tasks()[0]?.id ?? "";
    const get: PeerRequest = { ask: "get", id, waitMs: 0, historyLength: null };
    expect(await ask(get)).toMatchObject({ id });
    expect(await ask(get, "gw-c")).toMatchObject({ code: -32_001 });
    expect(await ask({ ...get, id: "x" })).toMatchObject({ code: -32_001 });
  });
});

describe("a message that a peer asks for", () => {
  test("is unknown, fenced or a task, by this gateway, as far back as it keeps them", async () => {
    const { world, ask } = gateway(inboxConfig({}, { keepDays: 1 }));
    const since = {
      gateway: "id-b",
      sinceMs: world.clockMs - 86_400_000,
      blanks: BLANKS,
      nowMs: world.clockMs,
    };
    expect(await ask({ ask: "find", messageId: "m1" })).toEqual({ found: "unknown", ...since });
    expect(await ask({ ask: "fence", messageId: "m1" })).toEqual({ found: "fenced", ...since });
    expect(await ask({ ask: "find", messageId: "m1" })).toEqual({ found: "fenced", ...since });
    expect(await ask(send("m1"))).toMatchObject({ reason: "FENCED" });
    await ask(send("m2"));
    expect(await ask({ ask: "fence", messageId: "m2" })).toMatchObject({
      found: "task",
      task: { metadata: {} },
    });
  });

  test("is not fenced when its record would be gone by now: nobody could say that it never ran", async () => {
    const { world, ask } = gateway(inboxConfig({}, { keepDays: 1 }));
    const random = new Uint8Array(10);
    const old = delegationId(world.clockMs - 86_400_001, random);
    expect(await ask({ ask: "fence", messageId: old })).toMatchObject({ code: -32_602 });
    const young = delegationId(world.clockMs - 86_399_000, random);
    expect(await ask({ ask: "fence", messageId: young })).toMatchObject({ found: "fenced" });
  });
});

test("the card says what this very peer may ask, and how busy the gateway is with its tasks", async () => {
  const { world, ask } = gateway(inboxConfig({ agents: ["worker-sg", "gone"] }));
  await ask(send("m1"));
  await waitFor("it to run", () => world.runs.length === 1);
  expect(await ask({ ask: "card" })).toMatchObject({
    skills: [{ id: "worker-sg" }],
    capabilities: {
      streaming: false,
      extensions: [
        {
          uri: EXTENSION,
          params: {
            gateway: "id-b",
            name: "gw-b",
            agents: ["worker-sg"],
            running: 1,
            queued: 0,
            draining: false,
          },
        },
      ],
    },
  });
  expect(await ask({ ask: "card" }, "gw-c")).toMatchObject({
    capabilities: { extensions: [{ params: { running: 0, agents: ["worker-sg", "worker-cn"] } }] },
  });
  await world.inbox.close();
  expect(JSON.stringify(await ask({ ask: "card" }))).toContain('"draining":true');
});
