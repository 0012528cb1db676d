// A routing rule after its strings were parsed: what `place()` works with.
import type { Selector } from "../selector/selector.ts";
import type { Residency } from "./residence.ts";
import type { Toleration } from "./taint.ts";

export const MIN_WEIGHT = -100;
export const MAX_WEIGHT = 100;

/** A wish, not a condition: nodes that match get `weight` (-100..100, Nomad's affinity). */
export interface Preference {
  readonly selector: Selector;
  readonly weight: number;
}

/**
 * What to do when no node fits. The gateway is used only where it is written. `waitMs`: the call waits so long for the
 * first node that fits. `next`: name of the rule that is asked then.
 */
export type OnUnavailable = "refuse" | "gateway" | { readonly waitMs: number } | { readonly next: string };

/** To which node later commands of a session, or of the agent, come back while it is there, for their files. */
export type Stick = "session" | "agent" | "none";

/** What becomes of calls that no rule speaks for, on nodes with a taint. */
export type UntoleratedAgents = "leave" | "refuse";

/** For exec bindings: whether read, write, edit, apply_patch and ls may stay on the gateway. */
export type FilesPolicy = "gateway" | "refuse";

/** What nearness is measured from. */
export type Near =
  | { readonly kind: "gateway" }
  | { readonly kind: "node"; readonly name: string }
  /** Degrees north and east. */
  | { readonly kind: "point"; readonly latitude: number; readonly longitude: number };

/** What a node must have free at least; null = any amount, also an unknown one. */
export interface Minimum {
  readonly idleCpus: number | null;
  readonly freeMemoryGiB: number | null;
  readonly freeDiskGiB: number | null;
}

/** Who goes where. The first rule whose agents and tools match decides. */
export interface Rule {
  readonly name: string;
  /** Exact agent ids or globs (`*` any run of characters, `?` one character). */
  readonly agents: readonly string[];
  /** Tool names the rule is limited to; null = every tool that can be routed. */
  readonly tools: readonly string[] | null;
  /** Must hold; null = every node. */
  readonly require: Selector | null;
  readonly prefer: readonly Preference[];
  /** Of the nodes that are preferred alike, the nearest to this; null = distance does not matter. */
  readonly near: Near | null;
  readonly minimum: Minimum | null;
  /** Null: any place, also an unknown one. */
  readonly residency: Residency | null;
  /** Taints that it does not mind. */
  readonly tolerate: readonly Toleration[];
  readonly onUnavailable: OnUnavailable;
  readonly files: FilesPolicy;
  readonly stick: Stick;
}
