// The gateway methods that reach out to one node over SSH: `trust` and `probe`.

import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { configRefusal } from "../../../config/problems/configRefusal.ts";
import { formatPath } from "../../../config/problems/path.ts";
import { isWithin } from "../../../config/problems/problem.ts";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { isAbsent } from "../../../shared/errorCode.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { refusalLine } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { ConnectEnv } from "../../transports/ssh/connect/base/env.ts";
import type { TrustReport } from "../../transports/ssh/connect/trust.ts";
import type { ProbeReport } from "../../transports/ssh/probe.ts";
import type { SshLook } from "../doctor/finding.ts";
import { type Params, readTextParam, UsageError, unknownName } from "./params.ts";

export type { ProbeReport, TrustReport };

/**
 * @param makeEnv the gateway machine; ssh2 is loaded with it, when first needed.
 * @throws UsageError for a node that is missing or not known; NodeRouterError for a refusal.
 */
export function createSshMethods(
  deps: Pick<RouterDeps, "memory">,
  makeEnv: () => Promise<ConnectEnv> = machine,
) {
  const config = (): ResolvedConfig => deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  return {
    /** `{ node, fingerprint? }`. Without a fingerprint nothing is written. */
    async trust(params: Params): Promise<TrustReport> {
      const node = findNode(config(), params, "trust");
      const { trustNode } = await sshClient();
      const result = await trustNode(node, readTextParam(params, "fingerprint"), await makeEnv());
      if (!result.ok) throw new NodeRouterError(result);
      return result.report;
    },
    /** `{ node }`. */
    async probe(params: Params): Promise<ProbeReport> {
      const node = findNode(config(), params, "probe");
      const { probeNode } = await sshClient();
      return probeNode(node, await makeEnv());
    },
  };
}

/** Nodes that ssh is asked about at once. */
const AT_ONCE = 4;

/** What a new connection to each node with SSH settings would go by. Connects to nothing; `Match exec` runs. */
export async function lookAtSsh(
  { nodes }: Pick<ResolvedConfig, "nodes">,
  makeEnv: () => Promise<ConnectEnv> = machine,
): Promise<readonly SshLook[]> {
  const waiting = [...nodes.values()].filter(({ ssh }) => ssh !== null);
  if (waiting.length === 0) return [];
  const { resolveTarget } = await sshClient();
  const env = await makeEnv();
  const file = `${env.home}/.ssh/config`;
  const configFile = await env.readFile(file).then(
    () => file,
    (error: unknown) => (isAbsent(error) ? null : file),
  );
  const looks = new Map<string, SshLook>();
  const work = async () => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      const resolved = await resolveTarget(node, env);
      const { notes, notAsked } = resolved.ok ? resolved.target : { notes: [], notAsked: null };
      const problem = resolved.ok ? null : refusalLine(resolved);
      looks.set(node.name, { node: node.name, problem, notes, notAsked, configFile });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return [...nodes.keys()].flatMap((name) => looks.get(name) ?? []);
}

const sshClient = () => loadLater(() => import("../../transports/ssh/client.ts"));

async function machine(): Promise<ConnectEnv> {
  const { processEnv } = await sshClient();
  return processEnv();
}

function findNode({ nodes, problems }: ResolvedConfig, params: Params, method: string): ConfiguredNode {
  const name = readTextParam(params, "node");
  if (name === null) throw new UsageError(`${method} needs a node`);
  const node = nodes.get(name);
  if (node === undefined) throw unknownName("node", name, nodes.keys(), "configured");
  if (node.ssh === null) {
    const at = formatPath(["nodes", name, "ssh"]);
    const broken = configRefusal(problems.filter((problem) => isWithin(problem, at)));
    if (broken !== null) throw new NodeRouterError(broken);
    throw new UsageError(`node ${quote(name)} has no SSH settings; add ${at}: {} for the defaults`);
  }
  return node;
}
