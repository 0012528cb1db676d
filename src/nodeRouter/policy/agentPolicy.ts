// What is known of one agent: what moves with it, which rules speak for it, what is broken. Worked out once a config.
import { configRefusal } from "../../config/problems/configRefusal.ts";
import { problemsForAgent } from "../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { BoundedMap } from "../../shared/bounded.ts";
import { normalizeAgentId } from "../../shared/hostNames.ts";
import type { Refusal } from "../../shared/refusal.ts";
import type { Binding } from "../../shared/types.ts";
import { bindingOf } from "../host/hostConfig.ts";
import { type ForeignRuntime, foreignRuntime } from "../host/runtimes.ts";
import type { Rule } from "../placement/model/rule.ts";
import { chainOf, firstRule } from "../placement/ruleIndex.ts";
import { ROUTABLE_TOOLS } from "../toolCatalog/catalog.ts";

export interface AgentPolicy {
  /** As OpenClaw writes ids. */
  readonly id: string;
  readonly config: ResolvedConfig;
  /** The gateway's whole config; null: only config and nodes are looked at. */
  readonly hostConfig: unknown;
  readonly binding: Binding;
  /** What the agent reads instead of a result while the config is broken for it; null: it is not. */
  readonly invalid: Refusal | null;
  /** The rule of its exec, which also says where its workspace is; null: none speaks. */
  readonly execRule: Rule | null;
  /** The same, and those that are asked after it where no node fits. */
  readonly execChain: readonly Rule[];
  /** A rule or a config error speaks for its exec: then nothing of it may run unplaced. */
  readonly isRouted: boolean;
  /** The same, or its workspace is on a node: its commands, its turns and its files are the rules' to place. */
  readonly mustBePlaced: boolean;
  /** Any rule speaks for any tool of it. */
  readonly isUnderRule: boolean;
  /** The host may be left to run its exec on the gateway when no node fits. */
  readonly mayUseGateway: boolean;
  /** The harness of the model that it begins with, where that brings a shell of its own; null: OpenClaw's own. */
  readonly runtime: ForeignRuntime | null;
  /** The first rule that speaks for the tool. Ask `invalid` first: others may be missing. */
  ruleFor(tool: string): Rule | null;
  /** A rule or a config error speaks for this tool. */
  isRoutedFor(tool: string): boolean;
}

/** Agents kept of one config; a forgotten one is worked out again. */
const MAX_AGENTS = 1_024;

interface Kept {
  readonly hostConfig: unknown;
  readonly agents: BoundedMap<string, AgentPolicy>;
}

const cache = new WeakMap<ResolvedConfig, Kept>();

/**
 * The same config, host's config and agent give the same object.
 * @param hostConfig the gateway's whole config; null: not looked at.
 * @param agent in whatever form.
 */
export function agentPolicy(config: ResolvedConfig, hostConfig: unknown, agent: string): AgentPolicy {
  let kept = cache.get(config);
  if (kept === undefined || kept.hostConfig !== hostConfig) {
    kept = { hostConfig, agents: new BoundedMap(MAX_AGENTS) };
    cache.set(config, kept);
  }
  const id = normalizeAgentId(agent);
  const known = kept.agents.get(id);
  if (known !== undefined) return known;
  const made = makePolicy(config, hostConfig, id, bindingOf(hostConfig, id));
  kept.agents.set(id, made);
  return made;
}

/** @param id as OpenClaw writes ids. */
export function makePolicy(
  config: ResolvedConfig,
  hostConfig: unknown,
  id: string,
  binding: Binding,
): AgentPolicy {
  const invalid = configRefusal(problemsForAgent(config.problems, id));
  const ruleFor = (tool: string): Rule | null => firstRule(config.rules, id, tool);
  const execRule = ruleFor("exec");
  const execChain = execRule === null ? [] : chainOf(config.rules, execRule);
  const last = execChain.at(-1);
  const isRouted = execRule !== null || invalid !== null;
  return {
    id,
    config,
    hostConfig,
    binding,
    invalid,
    execRule,
    execChain,
    isRouted,
    mustBePlaced: isRouted || binding === "workspace",
    isUnderRule: ROUTABLE_TOOLS.some((tool) => ruleFor(tool) !== null),
    mayUseGateway: invalid === null && last?.onUnavailable === "gateway" && resides(last, config),
    runtime: foreignRuntime(hostConfig, id, "first"),
    ruleFor,
    isRoutedFor: (tool) => invalid !== null || ruleFor(tool) !== null,
  };
}

/** As far as the config says; what speaks against it meanwhile is for the placement to say. */
function resides({ residency }: Rule, { gateway }: ResolvedConfig): boolean {
  if (residency === null) return true;
  return !residency.egress && residency.allow.has(gateway.location?.country ?? "");
}
