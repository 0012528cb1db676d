// Which harness an agent's model runs in, as far as the config says. Pure.
// Order as in the host (2026.9.6): agent's and default model entry, the provider's, provider wildcard, provider, prefix.
import { trimmedText } from "../../shared/jsonParts.ts";
import { agentKey, section } from "./hostConfig.ts";

export interface ForeignRuntime {
  readonly model: string;
  readonly runtime: string;
  /** Config key that says so. */
  readonly path: string;
}

/** Harnesses whose exec honours host and node, under each of their names; any other brings its own shell. */
const OWN = ["openclaw", "pi"];
/** No choice: the model's prefix still decides. */
const UNSET = ["auto", "default"];

/** Model prefixes that select a CLI backend without any runtime setting. */
const CLI_PREFIX = /^([a-z0-9-]+-cli)\//;

/**
 * The configured harness of one of the agent's models when it is not OpenClaw's own; null otherwise.
 * @param which `first`: only the model that the agent begins with, not what it falls back to.
 */
export function foreignRuntime(
  config: unknown,
  agent: string,
  which: "any" | "first" = "any",
): ForeignRuntime | null {
  const models = modelsOf(config, agent);
  for (const { model, path } of which === "first" ? models.slice(0, 1) : models) {
    const found = runtimeOf(config, agent, model);
    if (found !== null && OWN.includes(found.runtime)) continue;
    if (found !== null && !UNSET.includes(found.runtime)) return { model, ...found };
    const cli = CLI_PREFIX.exec(model)?.[1];
    if (cli !== undefined) return { model, runtime: cli, path };
  }
  return null;
}

/** What the first setting that speaks for the model says. */
function runtimeOf(config: unknown, agent: string, model: string): Omit<ForeignRuntime, "model"> | null {
  const slash = model.indexOf("/");
  const provider = model.slice(0, Math.max(0, slash));
  const name = model.slice(slash + 1);
  const own = ["agents", "entries", agentKey(config, agent), "models"];
  const defaults = ["agents", "defaults", "models"];
  const { models } = section(config, "models", "providers", provider);
  const listed = Array.isArray(models) ? models.findIndex((entry) => section(entry).id === name) : -1;
  const entry: unknown = Array.isArray(models) ? models[listed] : undefined;
  const places: readonly (readonly [settings: unknown, path: string])[] = [
    [section(config, ...own, model), [...own, model].join(".")],
    [section(config, ...defaults, model), [...defaults, model].join(".")],
    [entry, `models.providers.${provider}.models[${listed}]`],
    [section(config, ...own, `${provider}/*`), [...own, `${provider}/*`].join(".")],
    [section(config, ...defaults, `${provider}/*`), [...defaults, `${provider}/*`].join(".")],
    [section(config, "models", "providers", provider), `models.providers.${provider}`],
  ];
  for (const [settings, path] of places) {
    const id = trimmedText(section(settings, "agentRuntime").id);
    if (id !== null) return { runtime: id.toLowerCase(), path: `${path}.agentRuntime.id` };
  }
  return null;
}

/** `model: "p/m"` or `model: { primary: "p/m", fallbacks: [...] }`, the agent's own or the default. */
function modelsOf(config: unknown, agent: string): readonly { model: string; path: string }[] {
  for (const holder of [
    ["agents", "entries", agentKey(config, agent)],
    ["agents", "defaults"],
  ]) {
    const path = [...holder, "model"].join(".");
    const { model } = section(config, ...holder);
    if (typeof model === "string") return [{ model: model.trim(), path }];
    const { primary, fallbacks } = section(config, ...holder, "model");
    if (typeof primary !== "string") continue;
    const others: readonly unknown[] = Array.isArray(fallbacks) ? fallbacks : [];
    return [
      { model: primary.trim(), path: `${path}.primary` },
      ...others.flatMap((fallback, index) =>
        typeof fallback === "string" ? [{ model: fallback.trim(), path: `${path}.fallbacks[${index}]` }] : [],
      ),
    ];
  }
  return [];
}
