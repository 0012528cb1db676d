// The values of the built-in `node.*` tags: facts found by the plugin, never settable by config. Pure.
import type { NodeLocation, NodeTags } from "../types.ts";

/** What the tags are made of. */
export interface NodeFactsInput {
  readonly name: string;
  /** As the host reports it: `linux`, `macos`, `windows`, `ios`, `android`; null when unknown. */
  readonly platform: string | null;
  readonly paired: boolean;
  readonly ssh: boolean;
  readonly location: NodeLocation | null;
}

/**
 * The built-in tags of one node. A fact that is not known gives no tag, so that `node.os=linux` and
 * `node.os!=linux` treat it as Kubernetes treats a missing label.
 * `node.transport` is `node`, `ssh` or `node-ssh` (both).
 */
export function nodeFacts(input: NodeFactsInput): NodeTags {
  const transports = [input.paired ? "node" : null, input.ssh ? "ssh" : null].filter((part) => part !== null);
  const facts: [string, string | null][] = [
    ["node.name", input.name],
    ["node.os", osOf(input.platform)],
    ["node.transport", transports.length > 0 ? transports.join("-") : null],
    ["node.country", input.location?.country ?? null],
    ["node.city", input.location?.city ?? null],
  ];
  return new Map(facts.filter((fact): fact is [string, string] => fact[1] !== null));
}

/** The host says `darwin` or `macos` depending on the client; one word is enough for a selector. */
function osOf(platform: string | null): string | null {
  const os = platform?.toLowerCase() ?? null;
  if (os === "darwin") return "macos";
  return os === "win32" ? "windows" : os;
}
