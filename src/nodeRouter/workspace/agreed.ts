// Whether what the host brings to the backend is what a person said yes to. Pure.
import { quote } from "../../safeText.ts";
import type { WorkspaceCall } from "../workspaceCalls.ts";

/** What is about to run, as the host gave it. */
export interface BroughtCommand {
  readonly command: string;
  readonly workdir: string;
  /** Variables as the node would get them. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * SECURITY: the last word before the dispatch. Between the question and here other plugins had the call in their
 * hands, and the host may have taken another plugin's question for ours.
 * @param root where a command starts that names no directory.
 * @returns the fact that speaks against it; null when it is what was agreed to, or nobody had to agree.
 */
export function agreementProblem(call: WorkspaceCall, brought: BroughtCommand, root: string): string | null {
  if (call.agreed === undefined) return null;
  const { consent, params } = call.agreed;
  if (!consent.granted) return "nobody has said yes to it";
  if (params.command !== brought.command) return "the command is not the one that was agreed to";
  const isDefault = typeof params.workdir !== "string" || params.workdir.trim() === "";
  if (isDefault && brought.workdir !== root) {
    return `it was agreed to in the workspace, and would run in ${quote(brought.workdir)}; name workdir in the call`;
  }
  const changed = Object.entries(asRecord(params.env)).find(
    ([name, value]) => Object.hasOwn(brought.env, name) && brought.env[name] !== value,
  );
  return changed === undefined ? null : `the variable ${quote(changed[0])} is not as it was agreed to`;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
