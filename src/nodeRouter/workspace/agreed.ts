// Whether what the host brings to the backend is what a person said yes to. Pure.
import { quote } from "../../shared/safeText.ts";
import type { WorkspaceCall } from "../state/workspaceCalls.ts";
import { nodeEnv } from "./execEnv.ts";
import { isRoot, namedDirectory } from "./workdir.ts";

/** What is about to run, as the host gave it. */
export interface BroughtCommand {
  readonly command: string;
  readonly workdir: string;
  /** Variables as the node would get them. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the call's directory is looked for. */
export interface Places {
  /** The agent's workspace on the gateway. */
  readonly gatewayWorkspace: string;
  /** Where a command starts that names no directory. */
  readonly root: string;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/**
 * SECURITY: the last word before the dispatch. Between the question and here other plugins had the call in their
 * hands, and the host may have taken another plugin's question for ours.
 * @returns the fact that speaks against it; null when it is what was agreed to, or nobody had to agree.
 */
export function agreementProblem(
  call: WorkspaceCall,
  brought: BroughtCommand,
  { gatewayWorkspace, root }: Places,
): string | null {
  if (call.agreed === undefined) return null;
  const { consent, params } = call.agreed;
  if (!consent.granted) return "nobody has said yes to it";
  if (params.command !== brought.command) return "the command is not the one that was agreed to";
  const { workdir } = params;
  const isDefault = typeof workdir !== "string" || workdir.trim() === "";
  if (isDefault && !isRoot(brought.workdir, root)) {
    return `it was agreed to in the workspace, and would run in ${quote(brought.workdir)}; name workdir in the call`;
  }
  if (!isDefault && namedDirectory(workdir, gatewayWorkspace, root) !== brought.workdir) {
    return `it was agreed to in ${quote(workdir)}, and would run in ${quote(brought.workdir)}; name that as workdir`;
  }
  const agreed = nodeEnv(textsOf(params.env), brought.workdir, NOTHING);
  if (!agreed.ok) return agreed.message;
  const changed = Object.entries(agreed.env).find(([name, value]) => brought.env[name] !== value);
  return changed === undefined ? null : `the variable ${quote(changed[0])} is not as it was agreed to`;
}

function textsOf(env: unknown): Readonly<Record<string, string>> {
  if (typeof env !== "object" || env === null) return {};
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}
