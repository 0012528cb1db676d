// What guard does to the config file's content.
import { expect, test } from "vitest";
import { applyGuard } from "../../../../src/nodeRouter/surfaces/guard/apply.ts";
import type { GuardPlan } from "../../../../src/nodeRouter/surfaces/guard/guardPlan.ts";
import { CN_ID, guarded, hostOf, plansOf, SG_ID } from "../doctor/arrange.ts";

function planFor(agent: string, value: string | null = "node", key = "host"): GuardPlan {
  const path = `agents.entries.${agent}.tools.exec.${key}`;
  return { agent, rule: "r", state: "unguarded", changes: [{ path, value, current: null }], note: null };
}

test("exactly the settings are written, and every other key stays as it was", () => {
  const host = hostOf(
    { "worker-sg": { name: "Worker SG", tools: { exec: { security: "full" }, codeMode: true } } },
    { tools: { exec: { notifyOnExit: false } }, gateway: { port: 1 } },
  );
  expect(guarded({ host })).toEqual({
    agents: {
      entries: {
        master: {},
        "worker-cn": { tools: { exec: { host: "node", node: CN_ID } } },
        "worker-sg": {
          name: "Worker SG",
          tools: { exec: { security: "full", host: "node", node: SG_ID }, codeMode: true },
        },
      },
    },
    tools: { exec: { notifyOnExit: false } },
    gateway: { port: 1 },
  });
});

test("an agent whose key is written in capitals is written under that key, not beside it", () => {
  const draft = { agents: { entries: { "Worker-SG": { name: "SG" } }, list: [{ id: "Other" }] } };
  applyGuard(draft, [planFor("worker-sg"), planFor("other")]);
  expect(draft.agents).toEqual({
    entries: { "Worker-SG": { name: "SG", tools: { exec: { host: "node" } } } },
    list: [{ id: "Other", tools: { exec: { host: "node" } } }],
  });
});

test("applied twice it changes nothing more, and the second plan has no changes", () => {
  const once = guarded();
  expect(guarded({ host: once })).toEqual(once);
  expect(plansOf({ host: once }).map(({ state, changes }) => [state, changes])).toEqual([
    ["guarded", []],
    ["guarded", []],
  ]);
});

test("agents that the file still lists are written in the list, and no second entry appears", () => {
  const draft = { agents: { list: [{ id: "master" }, { id: "worker-sg", name: "SG" }] } };
  applyGuard(draft, [planFor("worker-sg")]);
  expect(draft).toEqual({
    agents: { list: [{ id: "master" }, { id: "worker-sg", name: "SG", tools: { exec: { host: "node" } } }] },
  });
});

test("an agent that the list does not have gets an entry; odd items of the list are passed by", () => {
  const draft = { agents: { list: [null, "worker-sg", 7, { id: null }] } };
  applyGuard(draft, [planFor("worker-sg")]);
  expect(draft.agents).toEqual({
    list: [null, "worker-sg", 7, { id: null }],
    entries: { "worker-sg": { tools: { exec: { host: "node" } } } },
  });
});

test("an unset value removes the key, and one that is not there stays away", () => {
  const draft = { agents: { entries: { a: { tools: { exec: { host: "node", node: "x" } } }, b: {} } } };
  applyGuard(draft, [planFor("a", null, "node"), planFor("b", null, "node")]);
  expect(draft).toEqual({
    agents: { entries: { a: { tools: { exec: { host: "node" } } }, b: { tools: { exec: {} } } } },
  });
});

test("an agent named __proto__ pollutes no prototype, of all objects or of the entries", () => {
  for (const json of ['{"agents":{"entries":{}}}', '{"agents":{"entries":{"__proto__":{"name":"x"}}}}']) {
    const draft: { agents: { entries: object } } = JSON.parse(json);
    applyGuard(draft, [planFor("__proto__"), planFor("constructor")]);
    expect(Reflect.get({}, "tools")).toBeUndefined();
    expect(Object.getPrototypeOf(draft.agents.entries)).toBe(Object.prototype);
    expect(Object.keys(draft.agents.entries).sort()).toEqual(["__proto__", "constructor"]);
    expect(JSON.stringify(draft)).toContain('"__proto__":{');
  }
});

test.each([[null], [undefined], ["text"], [[]], [7]])("a draft of %j is left alone", (draft) => {
  expect(() => applyGuard(draft, [planFor("worker-sg")])).not.toThrow();
});

test("what is no object on the way is replaced by one, because the host would refuse it anyway", () => {
  const draft = { agents: { entries: { "worker-sg": { tools: "all" } } } };
  applyGuard(draft, [planFor("worker-sg")]);
  expect(draft).toEqual({ agents: { entries: { "worker-sg": { tools: { exec: { host: "node" } } } } } });
});
