// A routing rule after its strings were parsed: what `place()` works with.
import type { Selector } from "./selector.ts";

export const MIN_WEIGHT = -100;
export const MAX_WEIGHT = 100;

/** A wish, not a condition: nodes that match get `weight` (-100..100, Nomad's affinity). */
export interface Preference {
  readonly selector: Selector;
  readonly weight: number;
}

/** What to do when no node fits. The gateway is used only where it is written. */
export type OnUnavailable = "refuse" | "gateway";

/** For exec bindings: whether read, write, edit, apply_patch and ls may stay on the gateway. */
export type FilesPolicy = "gateway" | "refuse";

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
  readonly onUnavailable: OnUnavailable;
  readonly files: FilesPolicy;
}
