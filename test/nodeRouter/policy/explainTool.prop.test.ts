// What is said to happen is what happens: for any config, agent, tool and nodes, explain answers as the hook acts.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { EMBEDDED_RUNS } from "../../../src/nodeRouter/host/harness.ts";
import { agentIds, bindingOf } from "../../../src/nodeRouter/host/hostConfig.ts";
import { SANDBOX_PROBLEM } from "../../../src/nodeRouter/host/sandboxApi.ts";
import { PLUGIN_COMMAND } from "../../../src/nodeRouter/placement/filters/plugin.ts";
import { createMethods } from "../../../src/nodeRouter/surfaces/methods/methods.ts";
import { nodeRoute } from "../../../src/nodeRouter/surfaces/tools/nodeRoute.ts";
import { WORKSPACE_TOOLS } from "../../../src/nodeRouter/toolCatalog/catalog.ts";
import { BOUND, CN_ID, type FakeDeps, fakeDeps, hostEntry, RUN, SG_ID } from "../../support/fakeDeps.ts";

// Names in forms that the host would change, so that they meet; some that nobody has.
const AGENTS = ["Worker-SG", "worker-cn", "Master"];
const written = fc.constantFrom(
  "Worker-SG",
  "worker-sg",
  "WORKER-*",
  "worker-cn",
  "Master",
  "mastre",
  "*",
  "!x",
);
const tool = fc.constantFrom(
  ...["exec", "browser", "nodes", "file_fetch", "canvas", "read", "write", "process", "terminal"],
  ...["automations", "web_fetch", "Exec", "bash"],
);

const rule = fc.record(
  {
    agents: fc.array(written, { minLength: 1, maxLength: 3 }),
    tools: fc.constantFrom(["exec"], ["Bash", "browser"], ["browser"]),
    require: fc.constantFrom("region=sg", "region=cn", "region", "region=(", "node.os=linux", "gpu"),
    onUnavailable: fc.constantFrom("refuse", "gateway"),
    files: fc.constantFrom("gateway", "refuse"),
    prefer: fc.constant([{ selector: "gpu", weight: 50 }]),
  },
  { requiredKeys: ["agents"] },
);

const node = fc.record(
  {
    tags: fc.constantFrom(["region=sg"], ["region=cn", "gpu"], ["node.os=x"]),
    ssh: fc.constant({}),
    workspace: fc.constantFrom("/node/ws", "C:\\ws"),
    transport: fc.constantFrom("auto", "node", "ssh"),
    node: fc.constantFrom(false, "Mac SG", SG_ID),
  },
  { requiredKeys: ["tags"] },
);

const config = fc
  .record({
    mode: fc.constantFrom("enforce", "enforce", "enforce", "shadow"),
    nodes: fc.dictionary(fc.constantFrom("mac-sg", "mac-cn"), node),
    rules: fc.array(rule, { maxLength: 3 }),
  })
  .map(({ rules, ...rest }) => ({
    ...rest,
    rules: rules.map((one, index) => ({ name: `r${index}`, ...one })),
  }));

const hostNodes = fc.array(
  fc
    .record({
      name: fc.constantFrom("mac-sg", "MAC sg", "mac-cn"),
      id: fc.constantFrom(SG_ID, CN_ID, "0d".repeat(32)),
      connected: fc.boolean(),
      approvalState: fc.constantFrom("approved", "approved", "pending-reapproval", "pending-approval"),
      commands: fc.constantFrom(["system.run", "browser.proxy", PLUGIN_COMMAND], ["system.run"], []),
    })
    .map(({ name, id, ...changes }) => hostEntry(name, id, changes)),
  { maxLength: 3 },
);

const agentEntry = fc.record(
  {
    sandbox: fc.constantFrom(BOUND, { ...BOUND, mode: "non-main" }, { ...BOUND, workspaceAccess: "ro" }),
    tools: fc.constantFrom(
      { exec: { mode: "deny" } },
      { exec: { mode: "allowlist" } },
      { exec: { mode: "ask" } },
    ),
    model: fc.constantFrom("claude-cli/opus", "openai/x"),
  },
  { requiredKeys: [] },
);

const hostConfig = fc
  .tuple(agentEntry, agentEntry, agentEntry)
  .map((entries) => ({ agents: { entries: Object.fromEntries(AGENTS.map((id, at) => [id, entries[at]])) } }));

const world = fc.record({
  config,
  hostConfig,
  nodes: hostNodes,
  apiProblem: fc.constantFrom(null, null, null, "the host has no sandbox API"),
  agent: fc.constantFrom(...AGENTS, "worker-sg", "MASTER"),
  tool,
});

type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

function depsOf({ config: raw, hostConfig: host, nodes, apiProblem }: World): FakeDeps {
  const deps = fakeDeps({ config: raw, hostConfig: host });
  deps.nodes = { nodes };
  deps.memory.part(SANDBOX_PROBLEM).current = apiProblem;
  return deps;
}

/** What the hook does with the call, and what it wrote into the log about it. */
async function happens(asked: World) {
  const deps = depsOf(asked);
  const agent = asked.agent.toLowerCase();
  // The host names a tool as it is called; only people write it otherwise.
  const toolName = { Exec: "exec", bash: "exec" }[asked.tool] ?? asked.tool;
  const entry: { model?: string } = Object.entries(asked.hostConfig.agents.entries).find(
    ([key]) => key.toLowerCase() === agent,
  )?.[1] as object;
  if (entry.model !== "claude-cli/opus") deps.memory.part(EMBEDDED_RUNS).set(RUN, true);
  const event = { toolName, params: {}, runId: RUN, toolCallId: "1" };
  const context = { agentId: asked.agent, sessionKey: `agent:${agent}:main`, runId: RUN };
  const answer = await createToolPolicy(deps)(event, context);
  const line = deps.lines.map(({ text }) => /^(placed|refused|unrouted) (\{.*)$/.exec(text)).find(Boolean);
  const facts: { node?: string | null; reason?: string } = JSON.parse(line?.[2] ?? "{}");
  return {
    outcome: line?.[1] ?? "unrouted",
    node: facts.node ?? null,
    refusal: facts.reason ?? null,
    /** Null where nothing is refused to it, in shadow mode too. */
    toAgent: answer !== undefined && "blockReason" in answer ? answer.blockReason : null,
  };
}

/** Hundreds of whole reports, beside other work. */
const PATIENCE_MS = 120_000;

test(
  "explain says the outcome, the node and the words of the refusal of a real call",
  async () => {
    await fc.assert(
      fc.asyncProperty(world, async (asked) => {
        const report = await createMethods(depsOf(asked), "1", async () => {}).explain({
          agent: asked.agent,
          tool: asked.tool,
        });
        // It has only what exec started, and is explained as that; nobody is asked about it.
        fc.pre(asked.tool !== "process" || report.binding === "exec");
        const real = await happens(asked);
        expect({ outcome: report.outcome, node: report.node }).toEqual({
          outcome: real.outcome,
          node: real.node,
        });
        if (real.outcome === "refused") expect(report.message).toBe(real.refusal);
        else expect(report.message).not.toMatch(/^[A-Z_]+: /);
        // One code and one fact for both readers; what to do is each reader's own.
        const [, same = ""] = /^([A-Z_]+: .*?)(?:; nothing|[;.] )/.exec(real.toAgent ?? "") ?? [];
        if (real.toAgent !== null) expect(report.message.startsWith(same)).toBe(true);
        expect(real.toAgent ?? "").not.toMatch(/Run "openclaw /);
      }),
      { numRuns: 400 },
    );
  },
  PATIENCE_MS,
);

test(
  "status, the nodes' agents, the doctor and node_route say of exec what explain says",
  async () => {
    await fc.assert(
      fc.asyncProperty(world, async (asked) => {
        const methods = createMethods(depsOf(asked), "1", async () => {});
        const [status, nodes, doctor] = [
          await methods.status(),
          await methods.nodes(),
          await methods.doctor(),
        ];
        for (const agent of agentIds(asked.hostConfig)) {
          const report = await methods.explain({ agent });
          const row = status.agents.find((one) => one.agent === agent);
          const { outcome, node: place, message, rule: name } = report;
          expect(row).toMatchObject({ outcome, node: place, message, rule: name });
          const home = nodes.nodes.find((one) => one.agents.includes(agent))?.name ?? null;
          expect(home).toBe(place);
          const told = await nodeRoute(depsOf(asked), agent, {});
          expect(told.details).toMatchObject({ outcome, node: place });
          const text = told.content[0]?.text ?? "";
          expect(text.length).toBeLessThanOrEqual(320);
          if (outcome === "refused") expect(text).toMatch(/^[A-Z_]+: /);
          else expect(text).toContain(place === null ? message : ` runs on ${place} `);
          const listed = await nodeRoute(depsOf(asked), agent, { list: true });
          const { nodes: all } = JSON.parse(listed.content[0]?.text ?? "") as {
            nodes: { name: string; chosen: boolean }[];
          };
          const chosen = all.filter((one) => one.chosen);
          expect(chosen.map((one) => one.name)).toEqual(place === null ? [] : [place]);
          const isFound = doctor.findings.some(
            (one) => one.id === "node-router/no-node-fits" && one.message.startsWith(`agent "${agent}" `),
          );
          expect(isFound).toBe(name !== null && message.startsWith("NO_NODE_FITS: "));
        }
      }),
      { numRuns: 100 },
    );
  },
  PATIENCE_MS,
);

test(
  "a refused agent never reads that OpenClaw decides",
  async () => {
    const { reportText } = await import("../../../src/nodeRouter/explain/explainText.ts");
    await fc.assert(
      fc.asyncProperty(world, async (asked) => {
        const methods = createMethods(depsOf(asked), "1", async () => {});
        const report = await methods.explain({ agent: asked.agent, tool: asked.tool });
        const exec = await methods.explain({ agent: asked.agent, tool: "exec" });
        const isRefused = report.outcome === "refused" || exec.message.startsWith("CONFIG_INVALID");
        if (isRefused) expect(reportText(report)).not.toContain("OpenClaw decides");
        const binding = bindingOf(asked.hostConfig, report.agent);
        if (binding === "workspace" && WORKSPACE_TOOLS.includes(report.tool))
          expect(report.outcome).not.toBe("unrouted");
      }),
      { numRuns: 100 },
    );
  },
  PATIENCE_MS,
);
