// What holds of every config, however wrong.
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { expect, test } from "vitest";
import { problemsForAgent } from "../../src/config/problems/problem.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { ConfigSchema } from "../../src/config/schema/schema.ts";
import { matchesGlob } from "../../src/nodeRouter/placement/selector/agentGlob.ts";
import { safe } from "../../src/shared/safeText.ts";
import { mangledConfig } from "./mangled.ts";

const MANY = { numRuns: 400 };

const anyConfig = fc.oneof(fc.jsonValue(), fc.anything(), mangledConfig);

function rulesOf(raw: unknown): readonly unknown[] {
  const rules: unknown = typeof raw === "object" && raw !== null ? Reflect.get(raw, "rules") : [];
  return Array.isArray(rules) ? rules : [];
}

test("no config makes it throw, and the same config always gives the same answer", () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      expect(resolveConfig(raw)).toEqual(resolveConfig(raw));
    }),
    MANY,
  );
});

test("no rule is dropped in silence", () => {
  fc.assert(
    fc.property(anyConfig, (raw) => {
      const { rules, problems } = resolveConfig(raw);
      if (rules.length < rulesOf(raw).length) {
        expect(problems.some((problem) => problem.severity === "error")).toBe(true);
      }
    }),
    MANY,
  );
});

test("an agent of a dropped rule is refused, never left to a later rule", () => {
  fc.assert(
    fc.property(mangledConfig, (raw) => {
      const { rules, problems } = resolveConfig(raw);
      for (const [index, rule] of rulesOf(raw).entries()) {
        if (rules.some((kept) => kept.index === index)) continue;
        for (const agent of ["worker-sg", "worker-cn", "cn-1", "master"]) {
          const refused = problemsForAgent(problems, agent).length > 0;
          if (namesAgent(rule, agent)) expect(refused).toBe(true);
        }
      }
    }),
    MANY,
  );
});

function namesAgent(rule: unknown, agent: string): boolean {
  const agents: unknown = typeof rule === "object" && rule !== null ? Reflect.get(rule, "agents") : [];
  const patterns = Array.isArray(agents) ? agents : [];
  return patterns.some((pattern) => typeof pattern === "string" && matchesGlob(pattern, agent));
}

test("a config of the wrong shape has a problem of shape, and only such a config has", () => {
  const shape = ["UNKNOWN_KEY", "MISSING_KEY", "WRONG_TYPE", "NOT_ALLOWED", "OUT_OF_RANGE"];
  fc.assert(
    fc.property(anyConfig, (raw) => {
      const { problems } = resolveConfig(raw);
      const sound = raw === undefined || Value.Check(ConfigSchema, raw);
      expect(problems.some((problem) => shape.includes(problem.code))).toBe(!sound);
    }),
    MANY,
  );
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
