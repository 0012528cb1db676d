// Problems of meaning in one entry of `nodes`, and between its entries.
import { nodeNameKey } from "../../shared/hostNames.ts";
import { isPrintable, quote } from "../../shared/safeText.ts";
import { ENV_NAME } from "../../shared/shell.ts";
import { type ConcernedAgents, type ConfigProblem, configError } from "../problems/problem.ts";
import { MAX_NAME_LENGTH } from "../schema/limits.ts";
import type { CheckedConfig } from "./concern.ts";
import { checkLocation } from "./location.ts";
import { checkSshSettings } from "./ssh.ts";
import { checkTags } from "./tags.ts";
import { targetOf, type WrittenNode } from "./written.ts";

/** Keys with a meaning of their own in JavaScript: reading one back may give something else. */
const RESERVED_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];

const ABSOLUTE = /^(\/|[A-Za-z]:[\\/])/;

/**
 * A wrong tag or place concerns the agents whose rules read it, and what else is wrong with a node those whose rules
 * may choose it. A name that is wrong or taken twice concerns every agent that any rule names.
 */
export function* checkNodeSettings({
  nodes,
  routedAgents,
  concern,
}: CheckedConfig): Generator<ConfigProblem> {
  for (const node of nodes) {
    const agents = concern.node(node);
    yield* checkName(node, routedAgents);
    yield* checkTargets(node, routedAgents);
    yield* checkTags(node, concern.tags);
    yield* checkLocation(node.path, node.entry.location, concern.places);
    yield* checkWorkspace(node, agents);
    yield* checkDirectories(node, agents);
    yield* checkEnv(node, agents);
    yield* checkSshSettings(node, agents);
  }
  yield* checkDuplicates(nodes, routedAgents);
}

/** Why the name cannot be a node's, or a peer's; null when it can. */
export function nodeNameProblem(name: string, noun: "node" | "peer" = "node"): string | null {
  if (name === "") return `a ${noun}'s name must not be empty`;
  if (RESERVED_NAMES.includes(name)) return `a ${noun} cannot be named ${quote(name)}`;
  if (name.length > MAX_NAME_LENGTH) return `a ${noun}'s name has at most ${MAX_NAME_LENGTH} characters`;
  return isPrintable(name) ? null : `the ${noun}'s name ${quote(name)} has characters that cannot be shown`;
}

function* checkName({ name, path }: WrittenNode, agents: ConcernedAgents): Generator<ConfigProblem> {
  const message = nodeNameProblem(name);
  if (message !== null) yield configError({ code: "NODE_NAME_INVALID", path, message, agents });
}

function* checkTargets(
  { name, path, entry }: WrittenNode,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  for (const key of ["node", "tailscale"] as const) {
    const target = targetOf(entry[key], name);
    if (target === null || target === name || isPrintable(target)) continue;
    const message = `${quote(target)} has characters that cannot be shown`;
    yield configError({ code: "NODE_TARGET_INVALID", path: `${path}.${key}`, message, agents });
  }
}

function* checkWorkspace({ path, entry }: WrittenNode, agents: ConcernedAgents): Generator<ConfigProblem> {
  const { workspace } = entry;
  if (workspace === undefined) return;
  const invalid = (message: string) =>
    configError({ code: "WORKSPACE_INVALID", path: `${path}.workspace`, message, agents });
  if (!isPrintable(workspace)) yield invalid(`${quote(workspace)} has characters that cannot be shown`);
  if (!ABSOLUTE.test(workspace)) {
    yield invalid(`${quote(workspace)} is not an absolute path on the node, such as "/home/claw/work"`);
  }
}

function* checkDirectories({ path, entry }: WrittenNode, agents: ConcernedAgents): Generator<ConfigProblem> {
  for (const key of ["paths", "pathPrepend"] as const) {
    for (const directory of entry[key] ?? []) {
      const problem =
        !directory.startsWith("/") || !isPrintable(directory)
          ? 'is not an absolute directory on the node, such as "/opt/homebrew/bin"'
          : key === "pathPrepend" && directory.includes(":")
            ? 'holds ":", which separates the directories of PATH'
            : null;
      if (problem === null) continue;
      const message = `${quote(directory)} ${problem}`;
      yield configError({ code: "DIRECTORY_INVALID", path: `${path}.${key}`, message, agents });
    }
  }
}

function* checkEnv({ path, entry }: WrittenNode, agents: ConcernedAgents): Generator<ConfigProblem> {
  const invalid = (message: string) =>
    configError({ code: "ENV_INVALID", path: `${path}.env`, message, agents });
  for (const [name, value] of Object.entries(entry.env ?? {})) {
    if (!ENV_NAME.test(name)) yield invalid(`${quote(name)} is not a name that a shell can export`);
    else if (value.includes("\0")) yield invalid(`the value of ${quote(name)} holds a NUL character`);
  }
}

function* checkDuplicates(nodes: readonly WrittenNode[], agents: ConcernedAgents): Generator<ConfigProblem> {
  const owners = new Map<string, string>();
  for (const { name, path, entry } of nodes) {
    const node = targetOf(entry.node, name);
    if (node === null || nodeNameProblem(name) !== null) continue;
    // The host finds a node by its display name without regard to case and punctuation.
    const key = nodeNameKey(node) || node;
    const owner = owners.get(key) ?? name;
    owners.set(key, owner);
    if (owner === name) continue;
    const message = `node ${quote(name)} and node ${quote(owner)} are both the paired node ${quote(node)}`;
    const suggestion = "set node to false for the one that is not paired.";
    yield configError({ code: "NODE_DUPLICATE", path: `${path}.node`, message, suggestion, agents });
  }
}
