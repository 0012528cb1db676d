// A node's tags: those of the config, and the built-in ones, which are facts found by the plugin. Pure.

import { cleanFact } from "../../presence/nodeFacts.ts";
import { platformOs } from "../../presence/sources/gateway/hostNode.ts";
import type { NodeLocation, NodeTags } from "../../shared/types.ts";
import { BUILTIN_KEY } from "../placement/selector/builtinTags.ts";
import { keyProblem, TAILNET_PREFIX } from "../placement/selector/tags.ts";

/** What the tags are made of; null where nobody knows. */
export interface NodeTagsInput {
  readonly name: string;
  /** `linux`, `macos`, `windows`, `freebsd`, `ios`, `android`, … or as Node and the host spell them. */
  readonly os: string | null;
  readonly arch: string | null;
  readonly paired: boolean;
  readonly ssh: boolean;
  /** Only a place that is to be selected by. */
  readonly location: NodeLocation | null;
  readonly timeZone: string | null;
  /** As the tailnet's policy writes them: `tag:prod`. */
  readonly tailnetTags: readonly string[];
  /** Holds no key of a built-in tag: the config was checked for that. */
  readonly configured: NodeTags;
}

const TAILNET_TAG = /^tag:(.+)$/;

/**
 * The tags of one node. A fact that is not known gives no tag, so that `node.os=linux` and
 * `node.os!=linux` treat it as Kubernetes treats a missing label.
 * `node.transport` is `node`, `ssh` or `node-ssh` (both). A tailnet's `tag:prod` is the bare tag `tailscale.prod`.
 */
export function nodeTags(input: NodeTagsInput): NodeTags {
  const { location } = input;
  const transports = [input.paired ? "node" : null, input.ssh ? "ssh" : null].filter((part) => part !== null);
  const tags = new Map(input.configured);
  const add = (key: string, value: string | null | undefined): void => {
    if (value != null) tags.set(key, value);
  };
  add(BUILTIN_KEY.name, input.name);
  add(BUILTIN_KEY.os, platformOs(input.os));
  add(BUILTIN_KEY.arch, cleanFact("processor", input.arch));
  add(BUILTIN_KEY.transport, transports.length > 0 ? transports.join("-") : null);
  add(BUILTIN_KEY.country, location?.country);
  add(BUILTIN_KEY.region, location?.region);
  add(BUILTIN_KEY.city, location?.city);
  add(BUILTIN_KEY.timeZone, cleanFact("timeZone", input.timeZone));
  for (const tag of input.tailnetTags) {
    const key = `${TAILNET_PREFIX}${TAILNET_TAG.exec(tag)?.[1] ?? ""}`;
    if (keyProblem(key) === null) tags.set(key, "");
  }
  return tags;
}
