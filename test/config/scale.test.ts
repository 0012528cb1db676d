// A config of the greatest size is checked in the gateway's one thread: what grows with its square takes minutes.
import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { MAX_NODES, MAX_RULES } from "../../src/config/schema/limits.ts";

/** Of this thread, so that what else the machine does is not in it. Measured: 0.1 to 1 s. */
const MOST_CPU_SECONDS = 10;

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The greatest config; each entry as `node` and `rule` say. */
function greatest(node: (index: number) => object, rule: (index: number) => object) {
  return {
    nodes: Object.fromEntries(range(MAX_NODES).map((index) => [`node-${index}`, node(index)])),
    rules: range(MAX_RULES).map((index) => ({
      name: `r${index}`,
      agents: [`agent-${index}`],
      ...rule(index),
    })),
  };
}

const tagged = (index: number) => ({ tags: [`rack=k${index % 97}`, "gpu"], ssh: {} });

test.each<[string, (index: number) => object, (index: number) => object, number]>([
  ["sound", tagged, () => ({ require: "rack=k1" }), 0],
  ["with errors in every node", () => ({ workspace: "x", ssh: { user: "-x" } }), () => ({}), 2 * MAX_NODES],
  ["with nodes that are all one paired node", () => ({ node: "one" }), () => ({}), MAX_NODES - 1],
  ["with rules that no node meets", tagged, (index) => ({ require: `rack=q${index}` }), MAX_RULES],
  ["with rules that name no node", tagged, (index) => ({ require: `node.name=nodr-${index}` }), MAX_RULES],
  [
    "with a hundred agents a rule",
    tagged,
    (index) => ({ agents: range(100).map((at) => `a-${index}-${at}`) }),
    0,
  ],
])("the greatest config %s is checked in seconds", { timeout: 120_000 }, (_, node, rule, problems) => {
  const raw = greatest(node, rule);
  const before = process.threadCpuUsage();
  expect(resolveConfig(raw).problems).toHaveLength(problems);
  expect(process.threadCpuUsage(before).user / 1e6).toBeLessThan(MOST_CPU_SECONDS);
});
