// Doctor: tunnels that are not there, and what a gateway lets through those that are.
import { formatPath } from "../../../config/problems/path.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { section } from "../../host/hostConfig.ts";
import type { TunnelStatus } from "../../tunnels/tunnelStatus.ts";
import { type DoctorCheck, type Finding, finding, found } from "./finding.ts";

export const checkTunnels: DoctorCheck = ({ tunnels = new Map(), hostConfig }) =>
  found(...[...tunnels].map(([node, tunnel]) => notUp(node, tunnel)), approvesAlone(tunnels, hostConfig));

function notUp(node: string, { state, code, reason, port, retries }: TunnelStatus): Finding | null {
  if (state === "up") return null;
  const path = formatPath(["nodes", node, "ssh", "tunnel"]);
  const what = `the tunnel from 127.0.0.1:${port} of node ${quote(node)} to this gateway is not there`;
  const why = reason === null ? "nobody has opened it yet" : safe(reason);
  if (code === "TUNNEL_NO_AUTH") {
    return finding(
      "tunnel-no-auth",
      "error",
      `${what}: ${why}`,
      "set gateway.auth.mode to token or password, and restart the gateway",
      path,
    );
  }
  if (state === "blocked") {
    return finding(
      "tunnel-blocked",
      "error",
      `${what}: ${why}`,
      "as the message says; it is tried again every minute",
      path,
    );
  }
  const tried = retries === 0 ? "" : ` (tried ${retries} times)`;
  return finding(
    "tunnel-down",
    "warning",
    `${what}${tried}: ${why}`,
    `nothing where it passes; else "openclaw node-router probe ${safe(node)}" shows how far a connection comes`,
    path,
  );
}

/** What comes through a tunnel comes from loopback, and that is whom OpenClaw pairs without asking. */
function approvesAlone(tunnels: ReadonlyMap<string, TunnelStatus>, hostConfig: unknown): Finding | null {
  if (tunnels.size === 0 || section(hostConfig, "gateway", "nodes", "pairing").autoApproveLocal === false)
    return null;
  return finding(
    "tunnel-pairing",
    "info",
    "whoever is on a node with a tunnel and has the gateway's token is paired without a question: to the gateway they are on its own machine",
    "set gateway.nodes.pairing.autoApproveLocal to false, and pair nodes by setup codes",
    "gateway.nodes.pairing.autoApproveLocal",
  );
}
