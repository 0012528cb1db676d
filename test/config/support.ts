// Configs and shorthands that the config tests share.
import type { ConfigProblem } from "../../src/config/problems/problem.ts";
import { resolveConfig } from "../../src/config/resolve.ts";

/** The config of the design, without its comments. */
export const REFERENCE_CONFIG = {
  mode: "enforce",
  nodes: {
    "mac-cn": {
      node: "mac-cn",
      tailscale: "mac-cn",
      tags: ["region=cn", "office"],
      location: { country: "CN", city: "Shanghai", latitude: 31.23, longitude: 121.47 },
      workspace: "/Users/claw/work",
    },
    "mac-sg": {
      tags: ["region=sg", "gpu"],
      location: { country: "SG", city: "Singapore" },
      workspace: "/Users/claw/work",
      ssh: {
        host: "mac-sg",
        port: 22,
        user: "claw",
        identityFile: "~/.ssh/id_ed25519",
        knownHostsFile: "~/.ssh/known_hosts",
        hostKey: "SHA256:…",
      },
      transport: "auto",
    },
  },
  rules: [
    {
      name: "singapore",
      agents: ["worker-sg"],
      require: "region=sg",
      prefer: [{ selector: "gpu", weight: 50 }],
      onUnavailable: "refuse",
      files: "gateway",
    },
    { name: "china", agents: ["worker-cn", "cn-*"], require: "region=cn" },
  ],
};

const ROOT = "plugins.entries.node-router.config";

/** `error rules[0].require: message | suggestion` for each problem, in order. */
export function linesOf(raw: unknown): string[] {
  return resolveConfig(raw).problems.map(lineOf);
}

export function lineOf({ severity, path, message, suggestion }: ConfigProblem): string {
  const place = path.slice(ROOT.length).replace(/^\./, "");
  return `${severity} ${place}: ${message}${suggestion === null ? "" : ` | ${suggestion}`}`;
}

/** Problems of one node named "a" that no rule names. */
export function nodeLines(node: unknown): string[] {
  return linesOf({ nodes: { a: node } });
}

/** Problems of rules among two nodes with the tags `region=sg,gpu` and `region=cn`. */
export function ruleLines(...rules: unknown[]): string[] {
  return linesOf({
    nodes: { "mac-sg": { tags: ["region=sg", "gpu"] }, "mac-cn": { tags: ["region=cn"] } },
    rules,
  });
}

/** `delegation` of a config that says nothing of it. */
export const NO_DELEGATION = {
  rules: [],
  maxHops: 1,
  waitMs: 60_000,
  acceptWithinMs: 15_000,
  keepMs: 7 * 86_400_000,
  maxTaskBytes: 262_144,
  maxResultBytes: 262_144,
};
