// Reads `alerts`: who is told in a chat, and of what.
import { parseSelector } from "../nodeRouter/placement/selector/parser.ts";
import type { Selector } from "../nodeRouter/placement/selector/selector.ts";
import { parseSpan } from "../shared/timeSpan.ts";
import { OFF } from "./schema/alerts.ts";
import * as defaults from "./schema/defaults.ts";
import type { NodeRouterConfig } from "./schema/schema.ts";

export interface AlertSettings {
  /** Of OpenClaw, by its id. */
  readonly channel: string;
  /** As the channel names chats and people. */
  readonly to: string;
  /** Null: the channel's default. */
  readonly accountId: string | null;
  /** So long an agent is refused before anybody is told; null: nobody is. */
  readonly refusedForMs: number | null;
  /** So long a node is offline before anybody is told; null: nobody is. */
  readonly offlineForMs: number | null;
  /** Which nodes of the config that is about; null: all. */
  readonly nodes: Selector | null;
  readonly residency: boolean;
  readonly mismatch: boolean;
}

/** Null: nobody is told anything. What cannot be read has its default. */
export function alertSettings(alerts: NodeRouterConfig["alerts"]): AlertSettings | null {
  if (alerts === undefined) return null;
  const { channel, to, accountId, refusedFor, offlineFor, nodes, residency, mismatch } = alerts;
  const selector = nodes === undefined ? null : parseSelector(nodes);
  return {
    channel,
    to,
    accountId: accountId ?? null,
    refusedForMs: spanOf(refusedFor, defaults.DEFAULT_REFUSED_FOR),
    offlineForMs: spanOf(offlineFor, defaults.DEFAULT_OFFLINE_FOR),
    nodes: selector?.ok === true ? selector.selector : null,
    residency: residency ?? defaults.DEFAULT_ALERT,
    mismatch: mismatch ?? defaults.DEFAULT_ALERT,
  };
}

function spanOf(written: string | undefined, value: string): number | null {
  return written === OFF ? null : (parseSpan(written ?? value) ?? parseSpan(value));
}
