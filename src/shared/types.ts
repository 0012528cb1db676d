// Leaf types shared by every folder. Imports nothing of ours.

/** How a call reaches a node: the OpenClaw node protocol, or SSH. */
export type NodeProtocol = "node" | "ssh";

/** The same, or how a task reaches another gateway. */
export type Transport = NodeProtocol | "peer";

/** What moves with the agent: `exec` alone, or the whole workspace (exec, process, files). */
export type Binding = "exec" | "workspace";

/** `enforce` rewrites and refuses; `shadow` decides, logs and explains but changes nothing. */
export type Mode = "enforce" | "shadow";

/** Whether commands and file changes in workspaces are recorded; `strict`: no record, no run. */
export type AuditMode = "off" | "best-effort" | "strict";

/**
 * Where a location statement comes from, the most trustworthy first. `declared` is written by the operator in the
 * config; `tailscale` is declared to the control plane; the others are inferred.
 */
export type LocationSource = "declared" | "tailscale" | "geoip" | "derp" | "timezone";

/** How exactly it says where. */
export type LocationPrecision = "exact" | "city" | "region" | "country";

/** How far to believe it. Inferred places are never `high`. */
export type LocationConfidence = "high" | "medium" | "low";

/** Where a node is. Every field but `source` is absent when nobody said it. */
export interface NodeLocation {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string;
  /** State, province or the like, in words. */
  readonly region?: string;
  readonly city?: string;
  /** Degrees north, -90..90. */
  readonly latitude?: number;
  /** Degrees east, -180..180. */
  readonly longitude?: number;
  /** IANA name, e.g. `Asia/Singapore`. */
  readonly timeZone?: string;
  readonly source: LocationSource;
}

/** Tag keys to values; a bare tag has the value `""`. A Map, so that `__proto__` is only a string. */
export type NodeTags = ReadonlyMap<string, string>;
