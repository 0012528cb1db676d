// A bounded map that several owners share.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createJobRegistry } from "../../src/nodeRouter/jobs/jobs.ts";
import { place } from "../../src/nodeRouter/placement/place.ts";
import { createCallRegistry } from "../../src/nodeRouter/state/calls.ts";
import { createLastNodes } from "../../src/nodeRouter/state/lastNodes.ts";
import { createSessionNodes, MAX_SESSIONS } from "../../src/nodeRouter/state/sessionNodes.ts";
import { createWorkspaceCalls } from "../../src/nodeRouter/state/workspaceCalls.ts";
import { FairMap } from "../../src/shared/fairMap.ts";
import { makeJob } from "../nodeRouter/jobs/makeJob.ts";
import { makeRequest, makeRule, snapshotOf } from "../nodeRouter/placement/arrange.ts";
import { makeNode } from "../support/makeNode.ts";

const ownerOf = (key: string) => key.split(" ", 1)[0] ?? "";

test("the owner of the most loses its oldest, and setting a key again makes it the newest", () => {
  const forgotten: string[] = [];
  const map = new FairMap<string, number>(3, ownerOf, (key) => forgotten.push(key));
  for (const [value, key] of ["a 1", "b 1", "b 2", "b 1", "b 3"].entries()) map.set(key, value);
  expect([...map.keys()]).toEqual(["a 1", "b 1", "b 3"]);
  expect([...map.values()]).toEqual([0, 3, 4]);
  expect(forgotten).toEqual(["b 2"]);
  expect(map.has("b 2")).toBe(false);
  expect(map.size).toBe(3);
});

test("deleting makes room, and a key that every object has is one like any other", () => {
  const map = new FairMap<string, number>(2, ownerOf);
  map.set("__proto__", 1);
  expect(map.delete("toString")).toBe(false);
  map.set("b 1", 2);
  expect(map.delete("b 1")).toBe(true);
  map.set("c 1", 3);
  expect([...map.values()]).toEqual([1, 3]);
});

test("whatever is set and deleted, it never holds more than its limit, and an owner with its part of it loses none", () => {
  const owners = ["a", "b", "c", "d"];
  const limit = 12;
  const part = limit / owners.length;
  const step = fc.record({
    owner: fc.constantFrom(...owners),
    number: fc.nat(40),
    kind: fc.constantFrom("set", "set", "set", "delete"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const map = new FairMap<string, number>(limit, ownerOf);
      /** What each would have if it were alone, as long as that is no more than its part. */
      const alone = new Map(owners.map((owner) => [owner, new Set<string>()]));
      const greedy = new Set<string>();
      for (const [at, { owner, number, kind }] of steps.entries()) {
        const key = `${owner} ${number}`;
        const own = alone.get(owner) ?? new Set();
        if (kind === "delete") {
          map.delete(key);
          own.delete(key);
        } else {
          map.set(key, at);
          own.add(key);
          expect(map.get(key)).toBe(at);
        }
        if (own.size > part) greedy.add(owner);
        expect(map.size).toBeLessThanOrEqual(limit);
        for (const modest of owners.filter((one) => !greedy.has(one))) {
          for (const kept of alone.get(modest) ?? []) expect(map.has(kept)).toBe(true);
        }
      }
    }),
  );
});

describe("an agent that floods it takes nothing from another one:", () => {
  const MANY = 10_000;
  const decision = place(makeRequest(), snapshotOf(makeNode({})), [makeRule()]);

  test("the node of a session", () => {
    const sessions = createSessionNodes();
    sessions.put("agent:quiet:main", "mac-sg", "ssh");
    for (let n = 0; n < MANY; n++) sessions.put(`agent:loud:subagent:${n}`, "mac-cn", "ssh");
    expect(sessions.get("agent:quiet:main")?.node).toBe("mac-sg");
    expect(sessions.latestOf("quiet")?.node).toBe("mac-sg");
    expect(sessions.get(`agent:loud:subagent:${MANY - MAX_SESSIONS}`)).toBeNull();
  });

  test("a session of the flooding agent that is in use stays too", () => {
    const sessions = createSessionNodes();
    sessions.put("agent:loud:main", "mac-sg", "ssh");
    for (let n = 0; n < MANY; n++) {
      sessions.put(`agent:loud:subagent:${n}`, "mac-cn", "ssh");
      if (n % 1_000 === 0) sessions.put("agent:loud:main", "mac-sg", "ssh");
    }
    expect(sessions.get("agent:loud:main")?.node).toBe("mac-sg");
  });

  test("a placed call, and that it runs", () => {
    const calls = createCallRegistry();
    const call = (agent: string, runId: string, toolCallId: string) => ({
      toolCallId,
      runId,
      sessionKey: `agent:${agent}:main`,
      agent,
      tool: "exec",
      decision,
      nodeId: "id",
      jobId: null,
      workspaceCallId: null,
      notes: [],
    });
    calls.add(call("quiet", "r", "c"));
    for (let n = 0; n < MANY; n++) calls.add(call("loud", `run-${n}`, "c"));
    expect(calls.find("r", "c")?.agent).toBe("quiet");
    expect([...calls.runningExecNodes("quiet", "agent:quiet:main")]).toEqual(["id"]);
  });

  test("what the policy answered about a call", () => {
    const calls = createCallRegistry();
    const answer = { tool: "exec", asked: {}, params: null, consent: null };
    calls.answer("r", "c", answer);
    for (let n = 0; n < MANY; n++) calls.answer("loud run", `${n}`, answer);
    expect(calls.answered("r", "c", "exec", {})).toBe(answer);
  });

  test("a call between policy and backend", () => {
    const calls = createWorkspaceCalls();
    const call = (agent: string, callId: string) => ({
      callId,
      runId: "r",
      toolCallId: "c",
      agent,
      sessionKey: "",
      rule: "",
      node: "mac-sg",
      decisionId: callId,
      pty: false,
      jobId: null,
      claimed: false,
      outcome: null,
    });
    calls.set("quiet", call("quiet", "quiet"));
    for (let n = 0; n < MANY; n++) calls.set(`${n}`, call("loud", `${n}`));
    expect(calls.get("quiet")?.agent).toBe("quiet");
  });

  test("a job, and where its calls last ran", () => {
    const jobs = createJobRegistry();
    jobs.add(makeJob({ jobId: "nr-1", agent: "quiet" }));
    const last = createLastNodes();
    last.set("quiet", "rule", "mac-sg");
    for (let n = 0; n < MANY; n++) {
      jobs.add(makeJob({ jobId: `nr-loud-${n}`, agent: "loud" }));
      last.set("loud", `rule-${n}`, "mac-cn");
    }
    expect(jobs.find("nr-1", "quiet")).not.toBeNull();
    expect(last.of("quiet", "rule")).toBe("mac-sg");
  });
});
