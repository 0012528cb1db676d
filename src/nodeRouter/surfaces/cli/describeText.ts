// What `describe` shows: facts of one node, agent or rule, a line each, then what hangs on it. Pure but for colour.
import { displayWidth, padEnd } from "../../../shared/displayWidth.ts";
import { nameText, safe } from "../../../shared/safeText.ts";
import { cordonText } from "../../explain/cordonText.ts";
import { reportText } from "../../explain/explainText.ts";
import type { DescribeReport, RuleReport } from "../methods/describeMethod.ts";
import { placeLabel } from "../reports/nodePlace.ts";
import { ageOf, shortBytes, shortCount, shortMs } from "../reports/units.ts";
import { callsText } from "./callsText.ts";
import { drainText } from "./drainCommand.ts";
import { eventsText } from "./eventsText.ts";
import { COLUMNS, DASH, table, textLines } from "./output.ts";
import { stateCell } from "./stateCell.ts";

type Fact = readonly [label: string, text: string | null];

/** @param nowMs epoch ms, for the ages. @param columns width of the terminal. */
export function describeText(report: DescribeReport, nowMs: number, columns: number = COLUMNS): string {
  const parts =
    report.kind === "node"
      ? nodeParts(report, nowMs, columns)
      : report.kind === "agent"
        ? agentParts(report, columns)
        : ruleParts(report, columns);
  const calls =
    report.calls === null || report.calls.length === 0
      ? textLines("no call is in the ledger", columns).join("\n")
      : callsText({ calls: report.calls }, columns);
  return [...parts, calls].join("\n\n");
}

function nodeParts(
  { node, rules, holds, events }: Extract<DescribeReport, { kind: "node" }>,
  nowMs: number,
  columns: number,
): readonly string[] {
  const { resources, tags } = node;
  const age = ageOf(node.since, nowMs);
  const facts: readonly Fact[] = [
    ["node", nameText(node.name)],
    ["state", `${node.state}${age === null ? "" : ` for ${age}`}: ${node.reason}`],
    ["cordon", node.cordon === null ? "none" : cordonText(node.cordon)],
    ["taints", (node.taints ?? []).join(", ") || "none"],
    ["place", placeLabel(node.location)],
    ["tags", tagsText(tags, false)],
    ["built-in tags", tagsText(tags, true)],
    ["system", node.os],
    ["address", node.ip],
    ["ways", node.transports.join(", ") || "none"],
    ["round trip", node.rttMs === null ? null : shortMs(node.rttMs)],
    ["processors", resources.cpuCount === null ? null : String(resources.cpuCount)],
    ["load", resources.load1 === null ? null : String(resources.load1)],
    ["memory free", shortBytes(resources.memoryAvailableBytes, resources.memoryTotalBytes)],
    ["disk free", shortBytes(resources.diskAvailableBytes, resources.diskTotalBytes)],
    ["workspace", node.workspace],
    ["tunnel", node.tunnel == null ? null : `${node.tunnel.state}, port ${node.tunnel.port}`],
    ["paired id", node.nodeId],
    ["agents", node.agents.map(nameText).join(", ") || "none"],
    ["matches rules", rules.map(nameText).join(", ") || "none"],
  ];
  const changes = { events, since: null, node: node.name, observing: true };
  return [factLines(facts, columns), drainText(holds, columns), eventsText(changes, columns)];
}

function agentParts(
  { agent, explain, rules }: Extract<DescribeReport, { kind: "agent" }>,
  columns: number,
): readonly string[] {
  const { tokens, sessions } = agent;
  const facts: readonly Fact[] = [
    ["agent", nameText(agent.agent)],
    ["rules", rules.map(({ name }) => nameText(name)).join(", ") || "none"],
    ["binding", agent.binding],
    ["guard", agent.guard],
    ["model", agent.model],
    ["workspace", agent.workspace],
    ["sessions", sessions === null ? null : String(sessions)],
    ["tokens", tokens === null ? null : shortCount(tokens.input + tokens.output)],
  ];
  return [factLines(facts, columns), reportText(explain, columns)];
}

function ruleParts(
  { rule, agents, nodes }: Extract<DescribeReport, { kind: "rule" }>,
  columns: number,
): readonly string[] {
  const here = agents.map(({ agent, outcome, node, message }) => [
    nameText(agent),
    outcome === "placed" ? nameText(node ?? "") : `(${outcome})`,
    message,
  ]);
  const there = nodes.map(({ name, state, cordon }) => [
    nameText(name),
    stateCell(state),
    cordon === null ? DASH : cordonText(cordon),
  ]);
  return [
    factLines(ruleFacts(rule), columns),
    here.length === 0
      ? textLines("it decides about no agent's exec now", columns).join("\n")
      : table(["AGENT", "NODE", "WHY"], here, { columns, wrapLast: true }),
    there.length === 0
      ? textLines("no node matches its selector", columns).join("\n")
      : table(["MATCHING NODE", "STATE", "CORDON"], there, { columns, wrapLast: true }),
  ];
}

function ruleFacts(rule: RuleReport): readonly Fact[] {
  const { onUnavailable: otherwise, minimum, near, residency, tolerate } = rule;
  const least = Object.entries(minimum ?? {}).flatMap(([key, value]) =>
    value === null ? [] : [`${key} ${value}`],
  );
  return [
    ["rule", nameText(rule.name)],
    ["in the config", rule.path],
    ["agents", rule.agents.map(nameText).join(", ") || "none: it is reached by next alone"],
    ["tools", rule.tools === null ? "every tool that can be routed" : rule.tools.join(", ")],
    ["requires", rule.require ?? "every node"],
    ["prefers", rule.prefer.map(({ selector, weight }) => `${selector} (${weight})`).join("; ") || null],
    [
      "near",
      near === null
        ? null
        : near.kind === "node"
          ? nameText(near.name)
          : near.kind === "gateway"
            ? "gateway"
            : `${near.latitude},${near.longitude}`,
    ],
    ["minimum", least.join(", ") || null],
    [
      "residency",
      residency === null ? null : `${residency.allow.join(", ")}${residency.egress ? ", egress too" : ""}`,
    ],
    ["tolerates", tolerate.join(", ") || null],
    [
      "if none fits",
      typeof otherwise === "string"
        ? otherwise
        : "waitMs" in otherwise
          ? `wait ${otherwise.waitMs / 1_000} s`
          : `next rule ${nameText(otherwise.next)}`,
    ],
    ["files", rule.files],
    ["stick", rule.stick],
  ];
}

function tagsText(tags: Readonly<Record<string, string>>, isBuiltIn: boolean): string | null {
  const mine = Object.entries(tags).filter(([key]) => key.startsWith("node.") === isBuiltIn);
  return mine.map(([key, value]) => (value === "" ? key : `${key}=${value}`)).join(", ") || null;
}

/** What is not known has no line. */
function factLines(facts: readonly Fact[], columns: number): string {
  const label = Math.max(...facts.map(([name]) => displayWidth(name))) + 2;
  return facts
    .flatMap(([name, text]) =>
      text === null
        ? []
        : textLines(safe(text), Math.max(10, columns - label)).map(
            (line, index) => padEnd(index === 0 ? name : "", label) + line,
          ),
    )
    .join("\n");
}
