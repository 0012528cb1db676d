// Turns what the model asked of `exec` into what the host must be told to take it to the sandbox. Pure.
import { envPrefix } from "../../shared/shell.ts";
import { CALL_VARIABLE, OWN_PREFIX } from "../state/workspaceCalls.ts";

export type SandboxedExec =
  | { readonly ok: true; readonly params: Record<string, unknown> }
  | { readonly ok: false; readonly message: string };

/** Parameters that would take the call away from the sandbox, or claim to be ours. */
const REPLACED = ["host", "node", "elevated", "env"];

/**
 * The complete parameters of one `exec` in a workspace on a node; `workdir`, `background`, `yieldMs`, `pty`
 * and `timeoutSeconds` are left to the host and the backend.
 *
 * `host` and `elevated` are said, not left out: with `elevated` left out the host takes the chat's own level
 * (`/elevated on`), which runs the command on the gateway; with `host` left out a session without a sandbox
 * runs it there (`resolveExecElevatedMode` and `resolveExecTarget`, OpenClaw 2026.9.6). And after an approval
 * the host merges these over the model's own, so that what is left out would come back.
 */
export function sandboxedExec(params: Readonly<Record<string, unknown>>, callId: string): SandboxedExec {
  const checked = envPrefix(params.env);
  if (!checked.ok) return checked;
  const kept = Object.entries(params).filter(([key]) => !REPLACED.includes(key));
  return {
    ok: true,
    params: {
      ...Object.fromEntries(kept),
      ...(Object.hasOwn(params, "node") ? { node: "" } : {}),
      host: "sandbox",
      elevated: false,
      env: { ...modelEnv(params.env), [CALL_VARIABLE]: callId },
    },
  };
}

/** SECURITY: the model could otherwise name another call's id, and with it another call's node. */
function modelEnv(env: unknown): Record<string, string> {
  if (typeof env !== "object" || env === null) return {};
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => !name.toUpperCase().startsWith(OWN_PREFIX))
      .map(([name, value]) => [name, String(value)]),
  );
}
