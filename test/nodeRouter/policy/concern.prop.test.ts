// One broken thing of a node or of a place: whoever is not refused gets what the mended config gives, and nobody is refused whom it cannot reach.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { type ResolvedConfig, resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import type { Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import { chainOf } from "../../../src/nodeRouter/placement/ruleIndex.ts";
import { parseSelector } from "../../../src/nodeRouter/placement/selector/parser.ts";
import { matches } from "../../../src/nodeRouter/placement/selector/selector.ts";
import { agentPolicy } from "../../../src/nodeRouter/policy/agentPolicy.ts";
import { lookAhead, nodeOf, outcomeOf } from "../../../src/nodeRouter/policy/explainTool.ts";
import { PLANNED_TOOLS } from "../../../src/nodeRouter/policy/planGroups.ts";
import { worldOf } from "../../../src/nodeRouter/policy/world.ts";
import { NO_LAST_NODES } from "../../../src/nodeRouter/state/lastNodes.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { hostEntry } from "../../support/fakeDeps.ts";
import { makePlace, makePresence } from "../../support/makePresence.ts";

const NAMES = ["n1", "n2", "n3"];
const AGENTS = ["a1", "a2", "b1", "c1"];
const SELECTORS = [
  "region=sg",
  "region!=cn",
  "!gpu",
  "gpu",
  "disk=ssd,region=sg",
  "node.country=SG",
  "node.country!=CN",
  "node.os=linux",
];

interface Entry {
  readonly tags: readonly string[];
  readonly [key: string]: unknown;
}

const node: fc.Arbitrary<Entry> = fc.record(
  {
    tags: fc.subarray(["region=sg", "gpu", "disk=ssd"]),
    location: fc.constantFrom({ country: "SG" }, { country: "CN", city: "Shanghai" }),
    workspace: fc.constant("/node/ws"),
    ssh: fc.constant({}),
    maxRunning: fc.constant(1),
  },
  { requiredKeys: ["tags"] },
);
const rule = fc.record(
  {
    agents: fc.constantFrom(["a1"], ["a*"], ["b1"], ["*"], []),
    tools: fc.constantFrom(["exec"], ["browser"]),
    require: fc.constantFrom(...SELECTORS),
    prefer: fc.constantFrom(...SELECTORS).map((selector) => [{ selector, weight: 50 }]),
    near: fc.constantFrom("gateway", "n1", { latitude: 1, longitude: 103 }),
    residency: fc.constant({ allow: ["SG"] }),
    onUnavailable: fc.constantFrom("refuse", "gateway", { next: "r1" }, { next: "r2" }),
  },
  { requiredKeys: ["agents"] },
);
const config = fc
  .record({
    gateway: fc.constantFrom({}, { location: { country: "SG" } }),
    nodes: fc.record({ n1: node, n2: node, n3: node }),
    rules: fc
      .array(rule, { minLength: 1, maxLength: 3 })
      .map((rules) => rules.map((one, at) => ({ name: `r${at}`, ...one }))),
  })
  .filter((raw) => resolveConfig(raw).problems.every(({ severity }) => severity !== "error"));

/** What is broken, and as it was meant. */
interface Fault {
  readonly broken: object;
  readonly mended: object;
  /** Whether a rule reads it, found out by its own text. */
  readonly reaches: (rule: Rule) => boolean;
}
type Break = (entry: Entry) => Fault;

const texts = ({ require, prefer }: Rule): string =>
  [require?.text ?? "", ...prefer.map(({ selector }) => selector.text)].join(" ");
const readsPlace = (one: Rule): boolean =>
  /node\.(country|city|region|tz)/.test(texts(one)) || one.near !== null || one.residency !== null;

/** By its own tags, taken from the text: whether the node can be chosen at all. */
const mayChoose =
  (entry: Entry) =>
  ({ require }: Rule): boolean => {
    const plain = (require?.text ?? "").split(",").filter((part) => part !== "" && !part.includes("node."));
    const tags = new Map(entry.tags.map((tag) => [tag.split("=")[0] ?? "", tag.split("=")[1] ?? ""]));
    return plain.every((part) => {
      const parsed = parseSelector(part);
      return parsed.ok && matches(parsed.selector, tags);
    });
  };

/** A tag that is wrong, in place of those that were meant; `key`: what a rule that reads one of them holds. */
const tagged =
  (wrong: string, meant: readonly string[], key: RegExp): Break =>
  (entry) => {
    const keys = meant.map((tag) => tag.split("=")[0] ?? "");
    const others = entry.tags.filter((tag) => !keys.includes(tag.split("=")[0] ?? ""));
    return {
      broken: { ...entry, tags: [...others, wrong] },
      mended: { ...entry, tags: [...others, ...meant] },
      reaches: (one) => key.test(texts(one)),
    };
  };

const settings =
  (wrong: object, reaches: (entry: Entry) => Fault["reaches"]): Break =>
  (entry) => ({ broken: { ...entry, ...wrong }, mended: entry, reaches: reaches(entry) });

const BREAKS: Readonly<Record<string, Break>> = {
  "a tag whose key cannot be read": tagged("reg ion=cn", ["region=cn"], /region|gpu|disk/),
  "a value that cannot be read": tagged("disk=s s d", ["disk=ssd"], /disk/),
  "two tags in one text": tagged("rack=a,gpu", ["rack=a", "gpu"], /gpu|rack/),
  "a tag that only the plugin sets": tagged("node.os=linux", [], /node\.os/),
  "two tags that contradict each other": (entry) => {
    const others = entry.tags.filter((tag) => !tag.startsWith("region"));
    return {
      broken: { ...entry, tags: [...others, "region=sg", "region=cn"] },
      mended: { ...entry, tags: [...others, "region=cn"] },
      reaches: (one) => texts(one).includes("region"),
    };
  },
  "a country that is none": settings({ location: { country: "Hongkong" } }, () => readsPlace),
  "half coordinates": settings({ location: { latitude: 1 } }, () => readsPlace),
  "a workspace that is none": settings({ workspace: "work" }, mayChoose),
  "a login that is none": settings({ ssh: { user: "-x" } }, mayChoose),
  "room for no call": settings({ maxRunning: 0 }, mayChoose),
  "a taint that cannot be read": settings({ taints: ["prod"] }, mayChoose),
};

const machines = {
  takenAtMs: 1,
  nodes: NAMES.flatMap(
    (name, at) =>
      readHostNode(
        hostEntry(name, `${at}d`.repeat(32), { connected: true, commands: ["system.run", "browser.proxy"] }),
      ) ?? [],
  ),
};
/** Something else places every node, so that a declared place that is lost is another place and not only none. */
const presence = new Map(
  NAMES.map((name, at) => [
    name,
    makePresence({ node: name, location: makePlace({ country: ["SG", "CN", "JP"][at] ?? "SG" }) }),
  ]),
);

function decisions(resolved: ResolvedConfig, agent: string): readonly unknown[] {
  const snapshot = buildSnapshot(resolved.nodes, machines, presence, resolved.gateway.location);
  const known = { snapshot, hostNodes: [], presence, apiProblem: null };
  const world = worldOf(resolved, null, known);
  return PLANNED_TOOLS.map((tool) => {
    const decision = lookAhead(world.agent(agent), tool, world, NO_LAST_NODES);
    return [tool, outcomeOf(decision), nodeOf(decision), decision.rule];
  });
}

/** Rules that can come to speak for a call of the agent. */
function rulesOf(resolved: ResolvedConfig, agent: string): readonly Rule[] {
  const policy = agentPolicy(resolved, null, agent);
  return PLANNED_TOOLS.flatMap((tool) => {
    const first = policy.ruleFor(tool);
    return first === null ? [] : chainOf(resolved.rules, first);
  });
}

function holds(sound: object, broken: object, reaches: Fault["reaches"]): { refused: number; free: number } {
  const [mended, faulty] = [resolveConfig(sound), resolveConfig(broken)];
  const count = { refused: 0, free: 0 };
  for (const agent of AGENTS) {
    const isRefused = problemsForAgent(faulty.problems, agent).length > 0;
    const isReached = rulesOf(mended, agent).some(reaches);
    count[isRefused ? "refused" : "free"]++;
    if (isRefused) expect([agent, isReached]).toEqual([agent, true]);
    else expect([agent, decisions(faulty, agent)]).toEqual([agent, decisions(mended, agent)]);
  }
  return count;
}

describe.each(Object.entries(BREAKS))("%s", (_, breakIt) => {
  test("refuses agents whose rules it can reach, and changes nothing for the others", () => {
    const seen = { refused: 0, free: 0 };
    fc.assert(
      fc.property(config, fc.constantFrom("n1", "n2", "n3"), (raw, at) => {
        const entry = raw.nodes[at as "n1"];
        const { broken, mended, reaches } = breakIt(entry);
        const [sound, wrong] = [mended, broken].map((one) => ({
          ...raw,
          nodes: { ...raw.nodes, [at]: one },
        }));
        const count = holds(sound ?? {}, wrong ?? {}, reaches);
        seen.refused += count.refused;
        seen.free += count.free;
      }),
      { numRuns: 150 },
    );
    expect(seen.refused).toBeGreaterThan(10);
    expect(seen.free).toBeGreaterThan(10);
  });
});

test.each([
  ["the gateway's place", { gateway: { location: { country: "Hongkong" } } }],
  ["what finds places", { presence: { geoipFile: "relative.mmdb" } }],
])("%s is wrong: the same", (_, more) => {
  fc.assert(
    fc.property(config, (raw) => {
      holds(raw, { ...raw, ...more }, readsPlace);
    }),
    { numRuns: 150 },
  );
});

test("a rule that takes an agent's calls before keeps it from a later one that is broken, also a glob's", () => {
  const rules = [
    { name: "sg", agents: ["worker-sg"] },
    { name: "rest", agents: ["*"], require: "region=cn" },
  ];
  const { problems } = resolveConfig({ nodes: { n1: { tags: ["region=c n"] } }, rules });
  expect(problemsForAgent(problems, "worker-sg")).toEqual([]);
  expect(problemsForAgent(problems, "worker-cn")).toHaveLength(1);
  // Of one that takes only some of its calls, the others go to the later rule.
  const some = [{ ...rules[0], tools: ["exec"] }, rules[1]];
  const partly = resolveConfig({ nodes: { n1: { tags: ["region=c n"] } }, rules: some });
  expect(problemsForAgent(partly.problems, "worker-sg")).toHaveLength(1);
});

test("a rule that is asked next is a rule of those who are sent to it", () => {
  const rules = [
    { name: "sg", agents: ["worker-sg"], onUnavailable: { next: "near" } },
    { name: "near", agents: [], require: "node.country=SG" },
    { name: "cn", agents: ["worker-cn"] },
  ];
  const { problems } = resolveConfig({ nodes: { n1: { location: { country: "Singapore" } } }, rules });
  expect(problemsForAgent(problems, "worker-sg")).toHaveLength(1);
  expect(problemsForAgent(problems, "worker-cn")).toEqual([]);
});
