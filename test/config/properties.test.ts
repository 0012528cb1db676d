// What holds of every config, however wrong.
import { Check } from "@sinclair/typebox/value";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readWritten } from "../../src/config/checks/written.ts";
import { isWithin, problemsForAgent, wrongPaths } from "../../src/config/problems/problem.ts";
import { type ResolvedConfig, resolveConfig } from "../../src/config/resolve.ts";
import { ConfigSchema, type NodeRouterConfig } from "../../src/config/schema/schema.ts";
import { matchesAgent } from "../../src/nodeRouter/placement/selector/agentGlob.ts";
import { safe } from "../../src/shared/safeText.ts";
import { mangledConfig, misspeltConfig } from "./mangled.ts";

const MANY = { numRuns: 400 };
const AGENTS = ["worker-sg", "worker-cn", "cn-1", "master", "other", "nobody"];

const anyConfig = fc.oneof(fc.jsonValue(), fc.anything(), mangledConfig, misspeltConfig);

/** Of the configs that have the schema's shape. */
function whenRead(say: (config: NodeRouterConfig, resolved: ResolvedConfig) => void): void {
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(mangledConfig, misspeltConfig), (raw) => {
      if (!Check(ConfigSchema, raw)) return;
      read++;
      say(raw, resolveConfig(raw));
    }),
    MANY,
  );
  expect(read).toBeGreaterThan(MANY.numRuns / 10);
}

test("no config makes it throw, and the same config always gives the same answer", () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      expect(resolveConfig(raw)).toEqual(resolveConfig(raw));
    }),
    MANY,
  );
});

test("a config of the wrong shape is one problem that refuses everybody, and only such a config is", () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      const { problems, rules, nodes, mode } = resolveConfig(raw);
      const isSound = raw === undefined || Check(ConfigSchema, raw);
      expect(problems.some(({ code }) => code === "SHAPE_INVALID")).toBe(!isSound);
      if (isSound) return;
      expect([problems.length, rules.length, nodes.size, mode]).toEqual([1, 0, 0, "enforce"]);
      for (const agent of AGENTS) expect(problemsForAgent(problems, agent)).toHaveLength(1);
    }),
    MANY,
  );
});

test("an agent that is not refused gets the first rule that names it in the config as written", () => {
  whenRead(({ rules: written = [] }, { rules, problems }) => {
    for (const agent of AGENTS) {
      if (problemsForAgent(problems, agent).length > 0) continue;
      const first = written.findIndex(({ agents }) => agents.some((name) => matchesAgent(name, agent)));
      const kept = rules.find(({ agents }) => agents.some((name) => matchesAgent(name, agent)));
      expect(kept?.index ?? -1).toBe(first);
      expect(kept?.name).toBe(written[first]?.name);
      expect(kept?.require?.text).toBe(written[first]?.require?.trim());
    }
  });
});

test("a problem of meaning concerns agents that rules name, and others only where it cannot be told who is meant", () => {
  whenRead(({ rules = [] }, { problems }) => {
    const named = new Set(rules.flatMap(({ agents }) => agents));
    for (const { agents, code } of problems) {
      if (agents === "*") expect(code).toBe("AGENT_INVALID");
      else for (const one of agents) expect(named).toContain(typeof one === "string" ? one : one.agent);
    }
  });
});

test("what an error lies in is wrong as a whole, and nothing else is", () => {
  whenRead((config, { problems }) => {
    const wrong = wrongPaths(problems);
    const errors = problems.filter(({ severity }) => severity === "error");
    const { nodes, rules } = readWritten(config);
    const parts = nodes.flatMap(({ path }) => [`${path}.ssh`, `${path}.location`, `${path}.workspace`]);
    for (const path of [...nodes, ...rules].map((part) => part.path).concat(parts)) {
      expect(wrong.has(path)).toBe(errors.some((error) => isWithin(error, path)));
    }
  });
});

test("no problem holds a character that cannot be shown", () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      for (const { path, message, suggestion } of resolveConfig(raw).problems) {
        const text = `${path} ${message} ${suggestion}`;
        expect(safe(text)).toBe(text);
      }
    }),
    MANY,
  );
});
