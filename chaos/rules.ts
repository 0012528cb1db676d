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
  /** Nobody tolerates its taint `NoExecute`: sessions that are there leave, too. */
  readonly tainted: string | null;
  /** Rules of `any` agents allow Singapore alone, which pair-1 and ssh-1 are declared to be in. */
  readonly residency: boolean;
}

const BASE: Variant = { swapped: false, anyRegion: null, tainted: null, residency: false };

export const VARIANTS: Readonly<Record<string, Variant>> = {
  base: BASE,
  swapped: { ...BASE, swapped: true },
  "any-in-a": { ...BASE, anyRegion: "a" },
  "any-in-b": { ...BASE, anyRegion: "b" },
  "pair-2-tainted": { ...BASE, tainted: "pair-2" },
  "ssh-1-tainted": { ...BASE, tainted: "ssh-1" },
  residency: { ...BASE, residency: true },
  "swapped-residency": { ...BASE, swapped: true, residency: true },
};

export function variantOf(name: string): Variant {
  const variant = VARIANTS[name];
  if (variant === undefined) throw new Error(`no variant ${name}`);
  return variant;
}

const isFirst = (machine: string): boolean => machine.endsWith("-1");
const regionOf = (machine: string, { swapped }: Variant): Region =>
  isFirst(machine) === swapped ? "b" : "a";
const countryOf = (machine: string): string => (isFirst(machine) ? "SG" : "DE");

/** Machines on which a command of the agent may be, by the rules as a person reads them: none of the plugin's code is asked. */
export function allowedMachines(agent: ChaosAgent, variant: Variant): readonly string[] {
  if (agent.binding === "none") return agent.machines;
  const region = agent.region === "any" ? variant.anyRegion : agent.region;
  return agent.machines.filter(
    (machine) =>
      machine !== variant.tainted &&
      (region === null || regionOf(machine, variant) === region) &&
      (agent.region !== "any" || !variant.residency || countryOf(machine) === "SG"),
  );
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
      location: { country: countryOf(name) },
      ...(variant.tainted === name ? { taints: ["maintenance:NoExecute"] } : {}),
    },
  ]);
  const rules = agents
    .filter(({ binding }) => binding !== "none")
    .map((agent): JsonObject => {
      const kind = agent.machines === OVER_SSH ? "kind=ssh" : "kind=pair";
      const region = agent.region === "any" ? variant.anyRegion : agent.region;
      return {
        name: `rule-${agent.id}`,
        agents: [agent.id],
        require: region === null ? kind : `${kind},region=${region}`,
        ...(agent.region === "any" && variant.residency ? { residency: { allow: ["SG"] } } : {}),
      };
    });
  return { audit: "strict", auditCommandText: true, nodes: Object.fromEntries(nodes), rules };
}
