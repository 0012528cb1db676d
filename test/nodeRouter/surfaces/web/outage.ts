// A fleet in which an agent has nowhere to run, as the page gets it.
import { call, NOW_MS, smallFleet, statusFor } from "./fleet.ts";
import type { WebServer } from "./server.ts";

/** mac-sg went 4 min ago, and with it the only node of worker-sg; master has no rule. */
export function outage(server: WebServer): void {
  const fleet = smallFleet();
  const since = new Date(NOW_MS - 4 * 60_000).toISOString();
  server.nodes = {
    ...fleet,
    nodes: fleet.nodes.map((node) =>
      node.name === "mac-sg" ? { ...node, state: "offline", since, agents: [] } : node,
    ),
  };
  const status = statusFor(fleet);
  server.status = {
    ...status,
    agents: status.agents.map((one) =>
      one.agent === "worker-sg"
        ? {
            ...one,
            outcome: "refused",
            node: null,
            transport: null,
            message: 'NO_NODE_FITS: 0/6 nodes fit rule "singapore" for exec',
            blocked: [{ node: "mac-sg", why: "was offline" }],
          }
        : one,
    ),
  };
  server.calls = [
    call({
      id: "1",
      outcome: "refused",
      node: null,
      code: "NO_NODE_FITS",
      reason: "NO_NODE_FITS: why",
      ms: null,
    }),
    call({ id: "2" }),
  ];
  server.findings = [
    {
      id: "node-router/guard-missing",
      severity: "error",
      message: 'agent "master" is not guarded',
      path: null,
      fix: "run openclaw node-router guard",
    },
  ];
}
