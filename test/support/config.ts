// The gateway configuration of a test: quiet, offline, three agents; a test merges what it needs on top.

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What a configuration needs to know of the gateway that will read it. */
export interface ConfigContext {
  readonly port: number;
  readonly token: string;
  readonly modelUrl: string;
  /** Home folder of the gateway's user (`~`). */
  readonly home: string;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Merges objects key by key; anything else in `over` replaces what is there. */
export function merge(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return merged;
}

/** Nothing in a test may look anything up outside this machine, start by itself or log into a shared folder. */
export const quiet = (home: string): JsonObject => ({
  update: { checkOnStart: false, auto: { enabled: false } },
  telemetry: { enabled: false },
  discovery: { mdns: { mode: "off" } },
  logging: { file: `${home}/openclaw.log` },
  // OpenClaw 2026.9.6: its own pruning of old sessions can collide with a first write on a busy machine; from then on
  // every run fails with "Agent database cleanup failed".
  session: { maintenance: { mode: "warn" } },
});

/** Sends these model names of `provider` to the scripted model. Prices are round so that cost can be checked. */
export function scriptedProvider(
  provider: string,
  modelUrl: string,
  models: readonly string[],
  contextWindow = 128_000,
): JsonObject {
  return {
    [provider]: {
      baseUrl: modelUrl,
      apiKey: "none",
      api: "openai-completions",
      models: models.map((id) => ({
        id,
        name: id,
        reasoning: false,
        input: ["text"],
        contextWindow,
        maxTokens: 4096,
        cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
      })),
    },
  };
}

/** The default configuration: agents master, worker-cn and worker-sg on the scripted model. */
export function baseConfig({ port, token, modelUrl, home }: ConfigContext): JsonObject {
  const agent = (name: string, folder: string): JsonObject => ({ name, workspace: `${home}/${folder}` });
  return {
    ...quiet(home),
    gateway: { mode: "local", bind: "loopback", port, auth: { mode: "token", token } },
    models: {
      mode: "replace",
      catalogRefresh: { enabled: false },
      providers: scriptedProvider("scripted", modelUrl, ["model"]),
    },
    // A finished command would otherwise start a model turn of its own, and one that takes 10 s on a busy machine is
    // left to the background: only who asks for it gets a job instead of a result.
    tools: { exec: { notifyOnExit: false, backgroundMs: 120_000 } },
    agents: {
      ownership: "explicit",
      defaults: {
        model: { primary: "scripted/model" },
        skipBootstrap: true,
        heartbeat: { agentId: "master", every: "0m" },
        systemAgent: { agentId: "master" },
        authInheritance: { agentId: "master" },
      },
      entries: {
        master: {
          ...agent("Master", "workspace-master"),
          subagents: { allowAgents: ["worker-cn", "worker-sg"] },
        },
        "worker-cn": agent("Worker CN", "workspace-worker-cn"),
        "worker-sg": agent("Worker SG", "workspace-worker-sg"),
      },
    },
    talk: { agentId: "master" },
  };
}
