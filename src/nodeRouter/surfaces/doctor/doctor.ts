// Runs every check, in the order of the report: plugin, config, agents, audit, guard, nodes, and what is known of them.
import { checkAgents } from "./checkAgents.ts";
import { checkAlerting } from "./checkAlerting.ts";
import { checkAudit } from "./checkAudit.ts";
import { checkPluginConfig } from "./checkConfig.ts";
import { checkCordons } from "./checkCordons.ts";
import { checkDiscovery } from "./checkDiscovery.ts";
import { checkGuard } from "./checkGuard.ts";
import { checkHosted } from "./checkHosted.ts";
import { checkLogins } from "./checkLogins.ts";
import { checkNodes } from "./checkNodes.ts";
import { checkPeers } from "./checkPeers.ts";
import { checkPlaces } from "./checkPlaces.ts";
import { checkPlugin } from "./checkPlugin.ts";
import { checkPresence } from "./checkPresence.ts";
import { checkSsh } from "./checkSsh.ts";
import { checkTools } from "./checkTools.ts";
import { checkTrust } from "./checkTrust.ts";
import { checkTunnels } from "./checkTunnels.ts";
import { checkWorkspace } from "./checkWorkspace.ts";
import type { DoctorInput, Finding } from "./finding.ts";

const CHECKS = [
  checkPlugin,
  checkPluginConfig,
  checkAgents,
  checkTools,
  checkWorkspace,
  checkAudit,
  checkGuard,
  checkNodes,
  checkCordons,
  checkHosted,
  checkSsh,
  checkLogins,
  checkTunnels,
  checkPeers,
  checkDiscovery,
  checkPlaces,
  checkTrust,
  checkPresence,
  checkAlerting,
];

export interface DoctorReport {
  /** True when nothing is an error or a warning. */
  readonly ok: boolean;
  /** Errors first, then warnings, then notes; within each in the order of the checks. */
  readonly findings: readonly Finding[];
}

/** All checks over one input. Pure, and free of I/O: what has to be asked was asked before. */
export function runDoctor(input: DoctorInput): DoctorReport {
  const order = { error: 0, warning: 1, info: 2 };
  const findings = CHECKS.flatMap((check) => check(input)).sort(
    (a, b) => order[a.severity] - order[b.severity],
  );
  return { ok: findings.every((found) => found.severity === "info"), findings };
}
