// The end of `init`: `hostname`, once for each agent that was routed, on the node where its next call would run.
import { randomUUID } from "node:crypto";
import { messageOf } from "../../../shared/errors.ts";
import { fieldOf, readJson, trimmedText } from "../../../shared/jsonParts.ts";
import { shortened } from "../../../shared/safeText.ts";
import type { ExplainReport } from "../../explain/report.ts";
import type { ProbeReport } from "../../transports/ssh/probe.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { AskGateway } from "./gatewayCall.ts";

export interface Trial {
  readonly agent: string;
  /** Null: its call would be refused, or would not go to a node. */
  readonly node: string | null;
  readonly ok: boolean;
  /** What the machine calls itself; null: it did not say. */
  readonly said: string | null;
  /** Why not; null when it is ok. */
  readonly problem: string | null;
}

const RUN_MS = 20_000;
const MAX_SAID = 253;

/** Asked once: what may have begun is not run again. Never rejects. */
export async function tryAgent(agent: string, ask: AskGateway): Promise<Trial> {
  const failed = (node: string | null, problem: string): Trial => ({
    agent,
    node,
    ok: false,
    said: null,
    problem,
  });
  try {
    const { node, transport, message } = await ask<ExplainReport>("noderouter.explain", {
      agent,
      tool: "exec",
    });
    if (node === null) return failed(null, message);
    if (transport === "ssh") {
      const { ok, problem } = await ask<ProbeReport>("noderouter.probe", { node }, RUN_MS);
      return ok
        ? { agent, node, ok, said: null, problem: null }
        : failed(node, problem ?? "it does not answer over SSH");
    }
    const { nodes } = await ask<NodesReport>("noderouter.nodes", {});
    const nodeId = nodes.find(({ name }) => name === node)?.nodeId ?? null;
    return nodeId === null ? failed(node, "it is not paired") : await overNode(agent, node, nodeId, ask);
  } catch (error) {
    return failed(null, messageOf(error));
  }
}

/** As OpenClaw runs a routed `exec` there: under the node's own exec approvals for the agent. */
async function overNode(agent: string, node: string, nodeId: string, ask: AskGateway): Promise<Trial> {
  const answer = await ask<unknown>(
    "node.invoke",
    {
      nodeId,
      command: "system.run",
      params: {
        command: ["hostname"],
        rawCommand: "hostname",
        agentId: agent,
        timeoutMs: RUN_MS,
        // Or OpenClaw would report its end to the agent, as that of a command of its own.
        suppressNotifyOnExit: true,
        runId: randomUUID(),
      },
      timeoutMs: RUN_MS,
      idempotencyKey: randomUUID(),
    },
    2 * RUN_MS,
  );
  const payload = fieldOf(answer, "payload") ?? readJson(String(fieldOf(answer, "payloadJSON") ?? ""));
  const said = trimmedText(fieldOf(payload, "stdout"));
  const isDone = fieldOf(payload, "exitCode") === 0;
  const problem =
    trimmedText(fieldOf(payload, "stderr")) ?? trimmedText(fieldOf(payload, "error")) ?? "it gave no result";
  return {
    agent,
    node,
    ok: isDone,
    said: said === null ? null : shortened(said, MAX_SAID),
    problem: isDone ? null : shortened(problem, MAX_SAID),
  };
}
