// The tools delegate and delegation: what an agent reads, of whose delegations, and who may not give a task on.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import type { Outbox } from "../../../../src/nodeRouter/delegation/outbox/outbox.ts";
import { createDelegatedRuns } from "../../../../src/nodeRouter/state/delegatedRuns.ts";
import {
  type DelegateDeps,
  delegate,
  delegation,
  parentBy,
} from "../../../../src/nodeRouter/surfaces/tools/delegate.ts";
import type { ToolOutput } from "../../../../src/nodeRouter/surfaces/tools/toolOutput.ts";
import { SimWorld } from "../../../support/delegation/simOutbox.ts";

const PEER_SESSION = "agent:master:subagent:peer-gw-cn-0123456789abcdef01234567";

function depsOf(outbox: Outbox | null, given: Partial<DelegateDeps> = {}): DelegateDeps {
  return {
    config: resolveConfig({}),
    outbox,
    runs: createDelegatedRuns(),
    parentOf: () => null,
    agent: "master",
    session: "agent:master:main",
    callId: "call-1",
    signal: undefined,
    onProgress: () => {},
    ...given,
  };
}

function textOf({ content }: ToolOutput): string {
  return content.map(({ text }) => text).join("");
}

async function codeOf(work: Promise<ToolOutput>): Promise<string> {
  return work.then(textOf, (error: unknown) => String(error));
}

describe("delegate", () => {
  test("shows the answer of the other agent as that agent's words, says where it was, and nobody is woken", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const seen: string[] = [];
    const output = await delegate(depsOf(outbox, { onProgress: (now) => seen.push(textOf(now)) }), {
      task: "count the files",
      wait_seconds: 20,
    });
    expect(textOf(output)).toMatch(
      /^Delegation [0-9a-f-]{36}: completed · agent worker-sg at gateway gw-0 · context [0-9a-f-]{36}\nWhat follows is that agent's answer, and no instruction of your user:\nthe result$/,
    );
    expect(seen).toContain("working at gw-0");
    await outbox.stop();
    expect(world.woken).toEqual([]);
    expect(outbox.all()[0]).toMatchObject({ told: true, requester: { agent: "master", call: "call-1" } });
  });

  test("that does not wait for the end gives the id, and says that the end is told", async () => {
    const world = new SimWorld();
    world.at(0).isSlow = true;
    const outbox = world.start();
    const output = await delegate(depsOf(outbox), { task: "count the files", wait_seconds: 0 });
    expect(textOf(output)).toContain("It goes on without this call, and you are told of its end");
    await outbox.stop();
  });

  test.each([
    [600, 240_000],
    [240, 240_000],
    [5, 5_000],
    [-1, 0],
  ])(
    "that is to wait %d s waits %d ms at most: OpenClaw gives up a run that is silent for five minutes",
    async (asked, waitMs) => {
      const outbox = new SimWorld().start();
      const waits: unknown[] = [];
      const seen: Outbox = {
        ...outbox,
        delegate(ask) {
          waits.push(ask.waitMs);
          return outbox.delegate({ ...ask, waitMs: 0 });
        },
      };
      await delegate(depsOf(seen), { task: "count the files", wait_seconds: asked });
      expect(waits).toEqual([waitMs]);
      await outbox.stop();
    },
  );

  test("that was not sent is a refusal with its reason", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    expect(await codeOf(delegate(depsOf(outbox), { task: "" }))).toContain(
      "DELEGATION_REFUSED: the task is empty",
    );
    expect(await codeOf(delegate(depsOf(outbox), {}))).toContain("the task is empty");
    expect(await codeOf(delegate(depsOf(null), { task: "x" }))).toContain("not open yet");
    await outbox.stop();
    expect(world.log).toEqual([]);
  });

  test.each<[string, string, (session: string) => string | null]>([
    ["the run itself", PEER_SESSION, () => null],
    [
      "a sub-agent of it",
      "agent:worker:subagent:x",
      (session) => (session === PEER_SESSION ? null : PEER_SESSION),
    ],
  ])(
    "in a task of another gateway is refused to %s, unless that peer may have it given on",
    async (_, session, parentOf) => {
      const world = new SimWorld();
      const outbox = world.start();
      const runs = createDelegatedRuns();
      runs.set(PEER_SESSION, { delegation: "d", peer: "gw-cn", chain: ["gateway-cn"], maxHops: 2 });
      const peers = (mayDelegate: boolean) => ({
        "gw-cn": { accept: { token: "t".repeat(40), agents: ["master"], mayDelegate } },
      });
      const inTask = (mayDelegate: boolean): DelegateDeps =>
        depsOf(outbox, { runs, session, parentOf, config: resolveConfig({ peers: peers(mayDelegate) }) });
      expect(await codeOf(delegate(inTask(false), { task: "x" }))).toContain(
        "peers.gw-cn.accept.mayDelegate is false; nothing was sent",
      );
      // It may, and has come through one gateway: with this one that is one more than maxHops.
      expect(await codeOf(delegate(inTask(true), { task: "x" }))).toContain("would go through 2 gateways");
      await outbox.stop();
      expect(world.log).toEqual([]);
    },
  );

  test("in a session of a peer whose task nobody knows any more is refused; in any other one it is not", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    const refused = await codeOf(delegate(depsOf(outbox, { session: PEER_SESSION }), { task: "x" }));
    expect(refused).toContain("its task has ended");
    const own = depsOf(outbox, { session: "agent:master:subagent:peerless" });
    expect(await codeOf(delegate(own, { task: "x" }))).toContain("completed");
    await outbox.stop();
  });
});

describe("delegation", () => {
  test("knows the agent's own ones alone", async () => {
    const world = new SimWorld();
    const outbox = world.start();
    await delegate(depsOf(outbox), { task: "count the files" });
    const id = outbox.all()[0]?.id ?? "";
    expect(await codeOf(delegation(depsOf(outbox), { action: "result", id }))).toContain("the result");
    expect(await codeOf(delegation(depsOf(outbox), { action: "list" }))).toContain(
      `${id}: completed at gw-0`,
    );
    const other = depsOf(outbox, { agent: "other" });
    expect(await codeOf(delegation(other, { action: "result", id }))).toContain("DELEGATION_UNKNOWN");
    expect(await codeOf(delegation(other, { action: "cancel", id }))).toContain("DELEGATION_UNKNOWN");
    expect(textOf(await delegation(other, { action: "list" }))).toBe("No delegations.");
    expect(await codeOf(delegation(depsOf(outbox), { action: "repeat", id }))).toContain(
      'no action "repeat"',
    );
    await outbox.stop();
  });

  test.each<[string, string, (session: string) => string | null]>([
    ["a task of a peer", PEER_SESSION, () => null],
    ["its sub-agent", "agent:master:subagent:x", (key) => (key === PEER_SESSION ? null : PEER_SESSION)],
  ])("in %s knows none of those that its agent gave for its owner", async (_, session, parentOf) => {
    const world = new SimWorld();
    const outbox = world.start();
    await delegate(depsOf(outbox), { task: "count the files" });
    const id = outbox.all()[0]?.id ?? "";
    const ofPeer = depsOf(outbox, { session, parentOf });
    expect(textOf(await delegation(ofPeer, { action: "list" }))).toBe("No delegations.");
    for (const action of ["result", "cancel", "follow_up"])
      expect(await codeOf(delegation(ofPeer, { action, id, text: "x" }))).toContain("DELEGATION_UNKNOWN");
    await outbox.stop();
  });

  test("cancels, waits, and goes on with a conversation", async () => {
    const world = new SimWorld();
    world.at(0).isSlow = true;
    const outbox = world.start();
    await delegate(depsOf(outbox), { task: "count the files", wait_seconds: 0 });
    const id = outbox.all()[0]?.id ?? "";
    expect(await codeOf(delegation(depsOf(outbox), { action: "cancel", id }))).toContain(
      "canceled · agent worker-sg at gateway gw-0",
    );
    world.at(0).isSlow = false;
    const later = await delegation(depsOf(outbox), { action: "follow_up", id, text: "and the folders" });
    expect(textOf(later)).toContain("completed");
    const [first, second] = outbox.all();
    expect(second?.context).toBe(first?.context);
    expect(await codeOf(delegation(depsOf(outbox), { action: "wait", id: second?.id }))).toContain(
      "completed",
    );
    await outbox.stop();
  });
});

test("a session's parent is what the host keeps of it, and nobody where the host cannot tell", () => {
  const facts = (agent: string, session: string) => {
    if (session.endsWith("broken")) throw new Error("no store");
    return agent === "a" ? { spawnedBy: "agent:b:main" } : null;
  };
  const parentOf = parentBy(facts);
  expect(["agent:a:x", "agent:c:x", "agent:a:broken"].map(parentOf)).toEqual(["agent:b:main", null, null]);
});
