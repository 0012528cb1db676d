// Whether the operator's exec policy lets a command on a node run, wants to be asked, or forbids it. Pure.
// OpenClaw applies `tools.exec.mode`, `.security` and `.ask` to the gateway and to paired nodes, and ignores all
// but "deny" in a sandbox (2026.9.6). For a workspace on a node they are applied here, with the host's own layers.
import { isRecord } from "../../shared/isRecord.ts";
import { agentKey, agentSection, section } from "./hostConfig.ts";

const SECURITIES = ["deny", "allowlist", "full"] as const;
const ASKS = ["off", "on-miss", "always"] as const;

type Security = (typeof SECURITIES)[number];
type Ask = (typeof ASKS)[number];

export type ExecPolicy =
  | { readonly kind: "run" }
  /** `source` is the setting that says so, in full. */
  | { readonly kind: "ask"; readonly source: string }
  | { readonly kind: "deny" | "allowlist"; readonly source: string };

interface Layered {
  readonly security: Security;
  readonly ask: Ask;
  readonly source: string;
}

/** As the host's `resolveExecPolicyForMode`. */
const MODES: Readonly<Record<string, { readonly security: Security; readonly ask: Ask }>> = {
  deny: { security: "deny", ask: "off" },
  allowlist: { security: "allowlist", ask: "off" },
  ask: { security: "allowlist", ask: "on-miss" },
  auto: { security: "allowlist", ask: "on-miss" },
  full: { security: "full", ask: "off" },
};

/** Modes of one session, as the host's `EXEC_MODE_BY_PERMISSION_MODE`. */
const PERMISSION_MODES: Readonly<Record<string, string>> = {
  "read-only": "deny",
  guarded: "ask",
  workspace: "auto",
  full: "full",
};

/**
 * What is to happen with one command. OpenClaw's allowlist names programs of the gateway by their path, so no
 * command on a node can be shown to be on it: each is a miss. Mode `allowlist` therefore refuses, `ask` and
 * `auto` ask a person every time (a reviewing model is not asked).
 * @param permissionMode of the session; null where the config decides.
 * @param requested the model's `ask`: it can only make a policy that asks ask more often.
 */
export function execPolicy(
  hostConfig: unknown,
  agent: string,
  permissionMode: string | null,
  requested: unknown,
): ExecPolicy {
  const { security, ask, source } = layered(hostConfig, agent, permissionMode);
  if (security === "deny") return { kind: "deny", source };
  const always = ask === "always" || (ask === "on-miss" && requested === "always");
  if (always || (ask === "on-miss" && security === "allowlist")) return { kind: "ask", source };
  return security === "allowlist" ? { kind: "allowlist", source } : { kind: "run" };
}

function layered(hostConfig: unknown, agent: string, permissionMode: string | null): Layered {
  const ofSession = MODES[PERMISSION_MODES[permissionMode ?? ""] ?? ""];
  if (ofSession !== undefined)
    return { ...ofSession, source: `permissionMode "${permissionMode}" of the session` };
  const base: Layered = { security: "full", ask: "off", source: "" };
  const global = layer(base, section(hostConfig, "tools", "exec"), "tools.exec");
  const path = `agents.entries.${agentKey(hostConfig, agent)}.tools.exec`;
  return layer(global, agentSection(hostConfig, agent, "tools", "exec"), path);
}

/** As the host's `applyExecPolicyLayer`: a mode says both, the older keys one each. */
function layer(base: Layered, exec: unknown, path: string): Layered {
  if (!isRecord(exec)) return base;
  const mode = typeof exec.mode === "string" && Object.hasOwn(MODES, exec.mode) ? exec.mode : "";
  const ofMode = MODES[mode];
  if (ofMode !== undefined) return { ...ofMode, source: `${path}.mode "${mode}"` };
  const security = SECURITIES.find((known) => known === exec.security) ?? null;
  const ask = ASKS.find((known) => known === exec.ask) ?? null;
  if (security === null && ask === null) return base;
  const said = [
    security === null ? null : `${path}.security "${security}"`,
    ask === null ? null : `${path}.ask "${ask}"`,
  ];
  return {
    security: security ?? base.security,
    ask: ask ?? base.ask,
    source: said.filter((part) => part !== null).join(" and "),
  };
}
