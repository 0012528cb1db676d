// What a test sees of a gateway: how to start one, and what can be done with it.
import type { AgentOptions, AgentRun } from "./agentRun.ts";
import type { CliResult } from "./cli.ts";
import type { ConfigContext, JsonObject } from "./config.ts";
import type { Home } from "./environment.ts";
import type { ScriptedModel } from "./model.ts";
import type { RpcOptions } from "./rpc.ts";

export interface GatewayOptions {
  /** Merged over the default configuration, or the whole text (JSON5) made for this gateway. */
  readonly config?: JsonObject | ((context: ConfigContext) => JsonObject | string);
  /** Folder of an earlier gateway, to go on with its state. Default: a new temporary one. */
  readonly dir?: string;
  /** Directories for `plugins.load.paths`: plugins used as they lie there. */
  readonly plugins?: readonly string[];
  /** `true`: this plugin is there from the start, as its package has it. Default: the test installs it, or does without. */
  readonly withPlugin?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** More arguments of `openclaw gateway run`. */
  readonly args?: readonly string[];
  readonly readyTimeoutMs?: number;
  /** `false`: resolve when the process runs, so that node hosts can start meanwhile; then `waitUntilReady()`. */
  readonly wait?: boolean;
}

export interface Gateway {
  readonly port: number;
  readonly token: string;
  readonly url: string;
  readonly home: Home;
  readonly model: ScriptedModel;
  readonly logFile: string;
  /** The whole configuration that a start with this one, merged over the default, had got. */
  configOf(config: JsonObject): JsonObject;
  pid(): number;
  /** Environment of the gateway and its CLI. */
  readonly env: NodeJS.ProcessEnv;
  log(): string;
  /** Runs `openclaw <args>`. */
  cli(...args: readonly string[]): Promise<CliResult>;
  /** Runs `openclaw node-router <args>` in a tenth of the time; not for what OpenClaw itself has a part in. */
  router(...args: readonly string[]): Promise<CliResult>;
  rpc<T = unknown>(method: string, params?: object, options?: RpcOptions): Promise<T>;
  /** Listens to a gateway event on the connection that is open now. */
  on(event: string, listener: (payload: unknown) => void): Promise<void>;
  /** One turn of one agent on the scripted model. */
  agent(agentId: string, message: string, options?: AgentOptions): Promise<AgentRun>;
  /** Resolves when it accepts work; rejects with the end of its log when it does not come up. */
  waitUntilReady(): Promise<void>;
  /** Resolves when the running gateway works with what is in its configuration file. */
  waitUntilConfigApplied(): Promise<void>;
  restart(): Promise<void>;
  /** Ends the process, keeps the folder: `start()` goes on. What has not ended by itself after `graceMs` is killed. */
  end(graceMs?: number): Promise<void>;
  kill9(): Promise<void>;
  start(): Promise<void>;
  /** Ends process and model and removes the folder (kept when NODE_ROUTER_KEEP is set). */
  stop(): Promise<void>;
}
