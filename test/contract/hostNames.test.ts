// Our names are the host's own: compared with the real package over what people and programs may write.
import fc from "fast-check";
import { resolveNodeIdFromList, toolPolicy } from "openclaw/plugin-sdk/agent-harness-runtime";
import { listAgentIds } from "openclaw/plugin-sdk/agent-scope-runtime";
import type { OpenClawConfig } from "openclaw/plugin-sdk/plugin-entry";
import {
  normalizeAgentId as hostAgentId,
  normalizeAgentIdStrict,
  resolveAgentIdFromSessionKey,
} from "openclaw/plugin-sdk/routing";
import { describe, expect, test } from "vitest";
import { agentIds } from "../../src/nodeRouter/host/hostConfig.ts";
import {
  agentIdOf,
  agentOfSessionKey,
  nodeNameKey,
  normalizeAgentId,
  normalizeToolName,
} from "../../src/shared/hostNames.ts";

const RUNS = { numRuns: 2_000 };

/** Letters of every kind that the host keeps, folds, replaces or drops, so that they meet. */
const piece = fc.oneof(
  fc.constantFrom(
    "a",
    "Z",
    "9",
    "_",
    "-",
    "--",
    " ",
    "\t",
    ".",
    "!",
    "@",
    "*",
    "?",
    "İ",
    "ß",
    "K",
    "é",
    "e\u0301",
  ),
  fc.constantFrom(
    "中",
    "🦞",
    "👩‍💻",
    "1️⃣",
    "\u0301",
    "\ufe0f",
    "\u200d",
    "\u00a0",
    "\0",
    "worker",
    "HK",
    "main",
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const name = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("")),
  fc.string({ unit: fc.constantFrom("a", "B", "-", "_", "."), minLength: 55, maxLength: 80 }),
);

describe("an agent's id", () => {
  test("is the host's for every name", () => {
    fc.assert(
      fc.property(name, (written) => {
        expect(normalizeAgentId(written)).toBe(hostAgentId(written));
        const strict = normalizeAgentIdStrict(written);
        expect(agentIdOf(written)).toBe(strict.ok ? strict.value : null);
      }),
      RUNS,
    );
  });

  test("is the host's in every session key that the host reads", () => {
    fc.assert(
      fc.property(
        name.filter((written) => !written.includes(":")),
        fc.constantFrom("agent", "AGENT", "Agent"),
        (written, head) => {
          const key = `${head}:${written}:main`;
          const wanted = written.trim() === "" ? null : resolveAgentIdFromSessionKey(key);
          expect(agentOfSessionKey(key)).toBe(wanted);
        },
      ),
      RUNS,
    );
  });

  test.each([
    [{}],
    [{ agents: {} }],
    [{ agents: { entries: {} } }],
    [{ agents: { entries: { "Worker-HK": {}, "worker-hk": {}, _x: {}, b: null } } }],
    [{ agents: { entries: undefined, list: [{ id: "Team A" }, { id: "team-a" }, {}, null] } }],
    [{ agents: { entries: { a: {} }, list: [{ id: "b" }] } }],
    [{ agents: { list: [] } }],
    [{ agents: { defaults: {} } }],
  ])("the agents of %j are those that the host lists", (config) => {
    expect(agentIds(config)).toEqual(listAgentIds(config as OpenClawConfig));
  });
});

test("a tool's name is the one under which the host decides about it", () => {
  const tool = fc.oneof(
    name,
    fc.constantFrom("Bash", " EXEC ", "apply-patch", "Cron", "bash", "Apply_Patch"),
  );
  fc.assert(
    fc.property(
      tool.filter((written) => written.trim() !== "" && !written.includes(":")),
      (written) => {
        expect([normalizeToolName(written)]).toEqual(toolPolicy.expandToolGroups([written]));
      },
    ),
    RUNS,
  );
});

test("two names of nodes are alike for us when the host takes one for the other", () => {
  // No id and no address may come between: the host looks at names last but one.
  const node = (displayName: string) => [{ nodeId: "\u{10ffff}", displayName, connected: true }];
  const finds = (displayName: string, query: string): boolean => {
    try {
      return resolveNodeIdFromList(node(displayName), query) !== "";
    } catch {
      return false;
    }
  };
  const variant = name.chain((written) =>
    fc.tuple(
      fc.constant(written),
      fc.oneof(
        name,
        fc.constant(written.toUpperCase()),
        fc.constant(written.normalize("NFD")),
        fc.constant(`.${written.replaceAll("-", " ")}! `),
      ),
    ),
  );
  fc.assert(
    fc.property(variant, ([displayName, query]) => {
      const key = nodeNameKey(displayName);
      const alike = key !== "" && key === nodeNameKey(query);
      expect(alike).toBe(finds(displayName, query));
    }),
    RUNS,
  );
});

test("hostile names cost no more than their length", () => {
  const long = `${"-".repeat(1 << 20)}x${"-".repeat(1 << 20)}`;
  expect(normalizeAgentId(long)).toBe("x");
  expect(nodeNameKey(long)).toBe("x");
});
