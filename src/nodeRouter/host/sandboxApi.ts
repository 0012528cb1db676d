// The host's private sandbox API: the only file that knows its name and shape. Own types, and a look before use.
import { messageOf } from "../../shared/errors.ts";
import { defineSlot } from "../../shared/processMemory.ts";
import { safe } from "../../shared/safeText.ts";
import { functionOf } from "./hostFunction.ts";

/** What the host gives the factory, at the start of every run of a sandboxed agent. */
export interface SandboxParams {
  readonly sessionKey: string;
  /** What shares one sandbox: with `scope: "agent"` it is `agent:<id>`. */
  readonly scopeKey: string;
  /** The agent's workspace on the gateway; it exists. */
  readonly workspaceDir: string;
  readonly agentWorkspaceDir: string;
  /** Where the host has put the agent's skills. */
  readonly skillsWorkspaceDir?: string | undefined;
  /** Attachments of a sub-agent's session. */
  readonly readOnlyResourceMounts?: readonly ReadOnlyMount[] | undefined;
}

export interface ReadOnlyMount {
  /** On the gateway. */
  readonly hostPath: string;
  /** Where the agent is told to look. */
  readonly containerPath: string;
}

/** What the host spawns for one `exec`. */
export interface ExecSpec {
  readonly argv: string[];
  /** Complete: the host adds nothing. */
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly stdinMode: "pipe-open";
  readonly finalizeToken: unknown;
}

export interface ExecParams {
  readonly command: string;
  readonly workdir?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export interface FinalizeParams {
  /** What the host makes of the child's end: `failed` for a signal, a timeout, and codes 126 and 127. */
  readonly status: "completed" | "failed";
  readonly token?: unknown;
}

export interface ShellCommand {
  readonly script: string;
  readonly args?: readonly string[] | undefined;
  readonly stdin?: Buffer | string | undefined;
  readonly allowFailure?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ShellResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly code: number;
}

/** What the host tells a file bridge. */
export interface BridgeContext extends Omit<SandboxParams, "sessionKey" | "scopeKey"> {
  readonly workspaceAccess: "none" | "ro" | "rw";
}

/** One run's sandbox. */
export interface SandboxHandle {
  readonly id: string;
  readonly runtimeId: string;
  readonly runtimeLabel: string;
  readonly workdir: string;
  /** Variables the host adds to every command; none, so that settings for containers stay out. */
  readonly env: Record<string, string>;
  readonly configLabel: string;
  readonly configLabelKind: string;
  readonly workdirValidation: "backend";
  readonly workdirRoots: readonly string[];
  validateWorkdir(workdir: string): Promise<string | null>;
  buildExecSpec(params: ExecParams): Promise<ExecSpec>;
  finalizeExec(params: FinalizeParams): Promise<void>;
  runShellCommand(params: ShellCommand): Promise<ShellResult>;
  createFsBridge(params: { readonly sandbox: BridgeContext }): object;
}

/** A row of `openclaw sandbox list`. */
export interface RuntimeEntry {
  /** The scope's key. */
  readonly sessionKey: string;
  /** The label that the scope's first run had: a node. */
  readonly image: string;
}

export interface RuntimeDescription {
  readonly running: boolean;
  readonly actualConfigLabel: string;
  readonly configLabelMatch: boolean;
}

export interface SandboxBackend {
  factory(params: SandboxParams): Promise<SandboxHandle>;
  readonly manager: {
    describeRuntime(params: { readonly entry: RuntimeEntry }): Promise<RuntimeDescription>;
    removeRuntime(params: { readonly entry: RuntimeEntry }): Promise<void>;
  };
  /** The working directory without making a sandbox; undefined when it cannot be told. */
  resolveWorkdir(params: SandboxParams): string | undefined;
}

export type Register = (id: string, backend: SandboxBackend) => () => void;

export type SandboxApi =
  | { readonly ok: true; readonly register: Register }
  | { readonly ok: false; readonly reason: string };

/** Why the API cannot be used; empty while nothing speaks against it. */
export const SANDBOX_PROBLEM = defineSlot<string>("sandbox-problem", 1);

/**
 * Looks whether this host has the API as we know it (OpenClaw 2026.9.6). Never throws: without it only agents
 * whose sandbox backend is `node-router` cannot work.
 * @param load imports the host's module.
 */
export async function probeSandboxApi(load: () => Promise<unknown> = loadHostModule): Promise<SandboxApi> {
  let loaded: unknown;
  try {
    loaded = await load();
  } catch (error) {
    return missing(`"openclaw/plugin-sdk/sandbox" cannot be loaded (${safe(messageOf(error))})`);
  }
  const register = functionOf(loaded, "registerSandboxBackend");
  const lookUp = functionOf(loaded, "getSandboxBackendFactory");
  if (register === null) return missing('"openclaw/plugin-sdk/sandbox" exports no registerSandboxBackend');
  if (lookUp === null) return missing('"openclaw/plugin-sdk/sandbox" exports no getSandboxBackendFactory');
  return {
    ok: true,
    register(id, backend) {
      const unregister = register(id, backend);
      if (typeof unregister !== "function") throw new Error("registerSandboxBackend returned no function");
      if (typeof lookUp(id) !== "function") throw new Error(`the host did not take backend "${id}"`);
      return () => void unregister();
    },
  };
}

/** The sentence that agents bound to the backend read. */
export function apiProblemText(fact: string): string {
  return `this OpenClaw has no sandbox API that node-router knows: ${fact}; install a version of OpenClaw and node-router that fit together`;
}

function missing(fact: string): SandboxApi {
  return { ok: false, reason: apiProblemText(fact) };
}

function loadHostModule(): Promise<unknown> {
  // @ts-expect-error The host ships this module without types; the probe above is what stands in for them.
  return import("openclaw/plugin-sdk/sandbox");
}
