// The rules of the chaos: what the plugin is told under each variant, and a plain reading of who may then be where. Pure.
import type { JsonObject } from "../test/support/config.ts";

/** Machines by their inventory names. */
export const PAIRED = ["pair-1", "pair-2"] as const;
export const OVER_SSH = ["ssh-1", "ssh-2"] as const;
export const GATEWAY = "gateway";

export type Region = "a" | "b";

/** `exec`: its commands alone; `workspace`: files too; `none`: no rule speaks for it. */
export type Binding = "exec" | "workspace" | "none";

export interface ChaosAgent {
  readonly id: string;
  readonly binding: Binding;
  readonly machines: readonly string[];
  /** `any`: of either region, or of the one that the variant says. `none`: a region that no node has. */
  readonly region: Region | "any" | "none";
}

export const AGENTS: readonly ChaosAgent[] = [
  { id: "exec-a", binding: "exec", machines: PAIRED, region: "a" },
  { id: "exec-b", binding: "exec", machines: PAIRED, region: "b" },
  { id: "exec-any", binding: "exec", machines: PAIRED, region: "any" },
  { id: "pair-a", binding: "workspace", machines: PAIRED, region: "a" },
  { id: "pair-any", binding: "workspace", machines: PAIRED, region: "any" },
  { id: "ssh-a", binding: "workspace", machines: OVER_SSH, region: "a" },
  { id: "ssh-b", binding: "workspace", machines: OVER_SSH, region: "b" },
  { id: "ssh-any", binding: "workspace", machines: OVER_SSH, region: "any" },
  { id: "nowhere", binding: "exec", machines: PAIRED, region: "none" },
  { id: "free", binding: "none", machines: [GATEWAY], region: "any" },
];

/** What an operator changes. */
export interface Variant {
  /** The regions of pair-1 and pair-2, and of ssh-1 and ssh-2, are the other way round. */
  readonly swapped: boolean;
  /** Rules of `any` agents want this region. */
  readonly anyRegion: Region | null;
  /** Who does not tolerate its taint `NoExecute` may not be there: sessions leave, too. */
  readonly tainted: string | null;
  /** Rules of `any` agents tolerate that taint. */
  readonly tolerated: boolean;
  /** Rules of `any` agents allow Singapore alone, which pair-1 and ssh-1 are declared to be in. */
  readonly residency: boolean;
  /** No node has a declared place. */
  readonly undeclared: boolean;
  /** Calls wait for a node. */
  readonly waits: boolean;
  /** Rules of one region have a rule that is next, and wants the other region. */
  readonly next: boolean;
  /** Calls that each node may run at once. */
  readonly maxRunning: number | null;
}

const BASE: Variant = {
  swapped: false,
  anyRegion: null,
  tainted: null,
  tolerated: false,
  residency: false,
  undeclared: false,
  waits: false,
  next: false,
  maxRunning: null,
};

export const VARIANTS: Readonly<Record<string, Variant>> = {
  base: BASE,
  swapped: { ...BASE, swapped: true },
  "any-in-a": { ...BASE, anyRegion: "a", waits: true },
  "any-in-b": { ...BASE, anyRegion: "b" },
  "pair-2-tainted": { ...BASE, tainted: "pair-2" },
  "ssh-1-tainted": { ...BASE, tainted: "ssh-1", waits: true },
  "pair-1-tolerated": { ...BASE, tainted: "pair-1", tolerated: true },
  residency: { ...BASE, residency: true },
  "swapped-residency": { ...BASE, swapped: true, residency: true, waits: true },
  undeclared: { ...BASE, residency: true, undeclared: true },
  waiting: { ...BASE, waits: true },
  next: { ...BASE, next: true },
  "next-waiting": { ...BASE, swapped: true, next: true, waits: true },
  crowded: { ...BASE, maxRunning: 1, waits: true },
  full: { ...BASE, maxRunning: 2, next: true },
};

export function variantOf(name: string): Variant {
  const variant = VARIANTS[name];
  if (variant === undefined) throw new Error(`no variant ${name}`);
  return variant;
}

/** Shorter than most holes and restarts, so that some waits end in a refusal. */
const WAIT = "12s";

const isFirst = (machine: string): boolean => machine.endsWith("-1");
const regionOf = (machine: string, { swapped }: Variant): Region =>
  isFirst(machine) === swapped ? "b" : "a";
const countryOf = (machine: string): string => (isFirst(machine) ? "SG" : "DE");

export const ruleOf = ({ id }: ChaosAgent): string => `rule-${id}`;
export const nextRuleOf = (agent: ChaosAgent): string => `${ruleOf(agent)}-next`;
const hasNext = ({ region }: ChaosAgent, { next }: Variant): boolean =>
  next && (region === "a" || region === "b");
const otherThan = (region: Region): Region => (region === "a" ? "b" : "a");

/** Machines on which a command of the agent may be, by the rules as a person reads them: none of the plugin's code is asked. */
export function allowedMachines(agent: ChaosAgent, variant: Variant): readonly string[] {
  if (agent.binding === "none") return agent.machines;
  return [...allowedByRule(ruleOf(agent), variant), ...allowedByRule(nextRuleOf(agent), variant)];
}

/** Those that one rule may choose; none where there is no such rule. */
export function allowedByRule(rule: string, variant: Variant): readonly string[] {
  const agent = AGENTS.find((one) => ruleOf(one) === rule || nextRuleOf(one) === rule);
  if (agent === undefined) return [];
  const isNext = rule === nextRuleOf(agent);
  if (isNext && !hasNext(agent, variant)) return [];
  const region = regionFor(agent, variant, isNext);
  return agent.machines.filter(
    (machine) =>
      (machine !== variant.tainted || (variant.tolerated && agent.region === "any")) &&
      (region === null || regionOf(machine, variant) === region) &&
      (agent.region !== "any" || !variant.residency || (!variant.undeclared && countryOf(machine) === "SG")),
  );
}

function regionFor({ region }: ChaosAgent, { anyRegion }: Variant, isNext: boolean): string | null {
  if (region === "any") return anyRegion;
  return isNext && region !== "none" ? otherThan(region) : region;
}

/** The plugin's config. @param entries of `nodes`: how each machine is reached, and its workspace. */
export function routerConfig(
  entries: Readonly<Record<string, JsonObject>>,
  variant: Variant,
  agents: readonly ChaosAgent[] = AGENTS,
): JsonObject {
  const nodes = Object.entries(entries).map(([name, entry]): [string, JsonObject] => [
    name,
    {
      ...entry,
      tags: [`kind=${name.startsWith("ssh") ? "ssh" : "pair"}`, `region=${regionOf(name, variant)}`],
      ...(variant.undeclared ? {} : { location: { country: countryOf(name) } }),
      ...(variant.tainted === name ? { taints: ["maintenance:NoExecute"] } : {}),
      ...(variant.maxRunning === null ? {} : { maxRunning: variant.maxRunning }),
    },
  ]);
  const rules = agents
    .filter(({ binding }) => binding !== "none")
    .flatMap((agent) => rulesOf(agent, variant));
  return { audit: "strict", auditCommandText: true, nodes: Object.fromEntries(nodes), rules };
}

function rulesOf(agent: ChaosAgent, variant: Variant): readonly JsonObject[] {
  const kind = agent.machines === OVER_SSH ? "kind=ssh" : "kind=pair";
  const isAny = agent.region === "any";
  const plain = (name: string, isNext: boolean): JsonObject => {
    const region = regionFor(agent, variant, isNext);
    return {
      name,
      agents: isNext ? [] : [agent.id],
      require: region === null ? kind : `${kind},region=${region}`,
      ...(isAny && variant.residency ? { residency: { allow: ["SG"] } } : {}),
      ...(isAny && variant.tolerated ? { tolerate: ["maintenance"] } : {}),
    };
  };
  const wait = variant.waits ? { onUnavailable: { wait: WAIT } } : {};
  if (!hasNext(agent, variant)) return [{ ...plain(ruleOf(agent), false), ...wait }];
  return [
    { ...plain(ruleOf(agent), false), onUnavailable: { next: nextRuleOf(agent) } },
    { ...plain(nextRuleOf(agent), true), ...wait },
  ];
}
