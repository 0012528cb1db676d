// A real OpenClaw gateway in a throw-away home: start, talk to it, restart, end.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { section } from "../../src/nodeRouter/host/hostConfig.ts";
import { runAgent } from "./agentRun.ts";
import { runCli, runRouterCli } from "./cli.ts";
import { baseConfig, type ConfigContext, type JsonObject, merge } from "./config.ts";
import { environmentOf, makeHome, OPENCLAW, removeHome } from "./environment.ts";
import type { Gateway, GatewayOptions } from "./gatewayTypes.ts";
import { unpackPlugin } from "./install.ts";
import { startModel } from "./model.ts";
import { freePort } from "./ports.ts";
import { type Child, startProcess } from "./process.ts";
import { connectRpc, type RpcClient, RpcError } from "./rpc.ts";
import { pause, waitFor } from "./wait.ts";

export type { Gateway, GatewayOptions } from "./gatewayTypes.ts";

/** The configuration file that these options ask for. */
function configText(
  { config, plugins: paths = [] }: GatewayOptions,
  context: ConfigContext,
  folder: string | null,
): string {
  const made = typeof config === "function" ? config(context) : merge(baseConfig(context), config ?? {});
  if (typeof made === "string") return made;
  const others = paths.length > 0 ? withPaths(made, paths) : made;
  return JSON.stringify(folder === null ? others : withPaths(merge(ENABLED, others), [folder]), null, 2);
}

const ENABLED = { plugins: { entries: { "node-router": { enabled: true } } } };

function withPaths(config: JsonObject, paths: readonly string[]): JsonObject {
  const named = section(config, "plugins", "load").paths;
  return merge(config, { plugins: { load: { paths: [...(Array.isArray(named) ? named : []), ...paths] } } });
}

/**
 * A config counts as applied a moment before the plugin's new registration answers, and the retired one admits no call
 * (`PluginInstanceUnavailableError` of OpenClaw 2026.9.6): nothing has begun, and so it is asked again.
 */
async function admitted<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isRetired = error instanceof RpcError && error.message.includes("was reloaded or disabled;");
      if (!isRetired || Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}

/** What it says when it gives up its own start after 5 s on a busy machine (OpenClaw 2026.9.6). Nothing is wrong with it. */
const TOO_BUSY = "state lease heartbeat did not become ready";
const MOST_STARTS = 4;
/** What it says when a busy machine kept it from replacing the plugin in time, which is then gone until it is asked again. */
const GAVE_UP = "replacement not applied";
/** So long it may still wait for what runs once it says that it does: it complains after 30 s, which a test may look for. */
const HELD_UP_MS = 40_000;

/** Starts a gateway and resolves when it accepts work. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const home = makeHome("gateway", options.dir);
  const { logFile } = home;
  const model = await startModel();
  const port = await freePort();
  const token = randomUUID();
  const url = `ws://127.0.0.1:${port}`;
  const env = environmentOf(home, "gateway", { OPENCLAW_GATEWAY_TOKEN: token, ...options.env });

  const context: ConfigContext = { port, token, modelUrl: model.url, home: home.home };
  const folder = options.withPlugin === true ? await unpackPlugin() : null;
  writeFileSync(home.configFile, configText(options, context, folder), { mode: 0o600 });

  let child: Child | undefined;
  /** Starts in a row, and the length of the log at the last one. */
  let starts = { count: 0, logAt: 0 };
  let rpc: Promise<RpcClient> | undefined;

  const startChild = (): void => {
    const args = [OPENCLAW, "gateway", "run", ...(options.args ?? [])];
    starts = { count: starts.count + 1, logAt: gateway.log().length };
    child = startProcess(process.execPath, args, { env, cwd: home.home, logFile });
  };

  const tail = (): string => `log ${logFile}:\n${gateway.log().split("\n").slice(-25).join("\n")}`;

  const ready = async (): Promise<boolean> => {
    const exit = child?.exit();
    if (exit && starts.count < MOST_STARTS && gateway.log().slice(starts.logAt).includes(TOO_BUSY)) {
      startChild();
      return false;
    }
    if (exit) throw new Error(`the gateway ended at its start (exit ${exit.code ?? exit.signal}), ${tail()}`);
    return fetch(`http://127.0.0.1:${port}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
  };

  const connection = async (): Promise<RpcClient> => {
    const current = await rpc?.catch(() => undefined);
    if (current?.open) return current;
    rpc = connectRpc(url, token);
    return rpc;
  };

  const disconnect = async (): Promise<void> => {
    (await rpc?.catch(() => undefined))?.close();
    rpc = undefined;
  };

  const gateway: Gateway = {
    port,
    token,
    url,
    home,
    model,
    logFile,
    env,
    configOf: (config) => JSON.parse(configText({ ...options, config }, context, folder)) as JsonObject,
    pid: () => child?.pid ?? 0,
    log: () => child?.log() ?? "",
    cli: (...args) => runCli(args, { env, cwd: home.home }),
    router: (...args) => runRouterCli(args, { env, cwd: home.home }),
    rpc: (method, params, rpcOptions) =>
      admitted(async () => (await connection()).call(method, params, rpcOptions)),
    on: async (event, listener) => (await connection()).on(event, listener),
    agent: (agentId, message, agentOptions) => runAgent(gateway, agentId, message, agentOptions),
    async waitUntilConfigApplied() {
      const from = gateway.log().length;
      let isAgain = false;
      await waitFor(
        "the gateway to apply its configuration",
        async () => {
          if (!isAgain && gateway.log().slice(from).includes(GAVE_UP)) {
            isAgain = true;
            await gateway.rpc(
              "plugins.reload",
              { plugins: [{ pluginId: "node-router" }] },
              { timeoutMs: 120_000 },
            );
          }
          const state = await gateway.rpc<{ configRevisionHash?: string; appliedConfigHash?: string }>(
            "config.get",
          );
          return (
            state.configRevisionHash !== undefined && state.configRevisionHash === state.appliedConfigHash
          );
        },
        { timeoutMs: 240_000, onTimeout: tail },
      );
      await gateway.waitUntilReady();
    },
    async waitUntilReady() {
      await waitFor(`the gateway on port ${port} to be ready`, ready, {
        timeoutMs: options.readyTimeoutMs ?? 240_000,
        onTimeout: tail,
      });
    },
    async start() {
      starts = { count: 0, logAt: 0 };
      startChild();
      await gateway.waitUntilReady();
    },
    async end(graceMs) {
      await disconnect();
      if (graceMs !== undefined) return child?.end(graceMs);
      const before = gateway.log().length;
      await child?.end(HELD_UP_MS, () => gateway.log().slice(before).includes("draining active work"));
    },
    async kill9() {
      await disconnect();
      await child?.kill9();
    },
    async restart() {
      await gateway.end();
      await gateway.start();
    },
    async stop() {
      await disconnect();
      await child?.end(2000); // thrown away next: no need to let it finish
      await model.stop();
      removeHome(home);
    },
  };

  try {
    if (options.wait === false) startChild();
    else await gateway.start();
  } catch (error) {
    await gateway.end(2000); // the folder stays: it holds the log
    await model.stop();
    throw error;
  }
  return gateway;
}
