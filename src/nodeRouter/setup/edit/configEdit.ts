// An edit of the plugin's config by name: what can be asked for, and what comes of it. Types alone.
import type { WrittenValue } from "../configChange.ts";

/** Where a rule is to stand among the others: the first one that matches decides. */
export type RulePlace = "first" | "last" | { readonly before: string } | { readonly after: string };

/** What `init` was told of a node; what is null or empty is left as it is. */
export interface InitNode {
  /** Inventory name. */
  readonly name: string;
  readonly location: { readonly country: string; readonly city?: string } | null;
  /** As config writes them. */
  readonly tags: readonly string[];
}

/** Where agents may run. */
export interface InitRule {
  readonly agents: readonly string[];
  /** Null: on any node. */
  readonly require: string | null;
}

export type ConfigEdit =
  | {
      readonly kind: "addRule";
      readonly name: string;
      readonly agents: readonly string[];
      /** Null: every node. */
      readonly require: string | null;
      readonly at: RulePlace;
    }
  | { readonly kind: "moveRule"; readonly name: string; readonly at: RulePlace }
  | { readonly kind: "removeRule"; readonly name: string }
  /** `changes`: `key`, `key=value`, or `key-` for one that is to go. */
  | { readonly kind: "tag"; readonly node: string; readonly changes: readonly string[] }
  /** `force`: also while files of sessions are there. */
  | { readonly kind: "removeNode"; readonly node: string; readonly force: boolean }
  | { readonly kind: "init"; readonly nodes: readonly InitNode[]; readonly rules: readonly InitRule[] }
  /** Takes back what the guard writes; null: for every agent. */
  | { readonly kind: "undoGuard"; readonly agents: readonly string[] | null };

/** What the gateway knows beside the config. */
export interface EditKnown {
  /** Ids; null: nobody can tell. */
  readonly agents: readonly string[] | null;
  /** Names of all nodes, with and without an entry in the config. */
  readonly nodes: readonly string[];
  /** Keys of the sessions whose files are on a node. */
  readonly sessionsOn: (node: string) => readonly string[];
}

export interface EditPlan {
  /** Nothing: it is so already. */
  readonly values: readonly WrittenValue[];
  /** What changes, as a person reads it. */
  readonly lines: readonly string[];
  /** What else is to be known. */
  readonly notes: readonly string[];
  /** Commands that take it back, behind `openclaw node-router`; where there is none, what was there. */
  readonly undo: readonly string[];
}
