// Which harness an agent's model runs in, as far as the config says. Pure.
// Order as in the host's docs (concepts/agent-runtimes): model entry, provider wildcard, provider, model prefix.
import { section } from "../hostConfig.ts";

export interface ForeignRuntime {
  readonly model: string;
  readonly runtime: string;
  /** Config key that says so. */
  readonly path: string;
}

/** Harnesses whose exec honours host and node; everything else brings its own shell. */
const OWN = ["openclaw", "auto", ""];

/** Model prefixes that select a CLI backend without any runtime setting. */
const CLI_PREFIX = /^([a-z0-9-]+-cli)\//;

/** The configured harness of the agent's model when it is not OpenClaw's own; null otherwise. */
export function foreignRuntime(config: unknown, agent: string): ForeignRuntime | null {
  const model = modelOf(config, agent);
  if (model === null) return null;
  const provider = model.slice(0, Math.max(0, model.indexOf("/")));
  const places: readonly (readonly string[])[] = [
    ["agents", "entries", agent, "models", model],
    ["agents", "defaults", "models", model],
    ["agents", "entries", agent, "models", `${provider}/*`],
    ["agents", "defaults", "models", `${provider}/*`],
    ["models", "providers", provider],
  ];
  for (const place of places) {
    const { id } = section(config, ...place, "agentRuntime");
    if (typeof id !== "string") continue;
    return OWN.includes(id) ? null : { model, runtime: id, path: `${place.join(".")}.agentRuntime.id` };
  }
  const cli = CLI_PREFIX.exec(model)?.[1];
  return cli === undefined ? null : { model, runtime: cli, path: `agents.entries.${agent}.model` };
}

/** `model: "p/m"` or `model: { primary: "p/m" }`, the agent's own or the default. */
function modelOf(config: unknown, agent: string): string | null {
  for (const holder of [section(config, "agents", "entries", agent), section(config, "agents", "defaults")]) {
    const { model } = holder;
    if (typeof model === "string") return model;
    const { primary } = section(holder, "model");
    if (typeof primary === "string") return primary;
  }
  return null;
}
