// Reads what can be read of a config that may be wrong anywhere, so that every problem is found in one go.

import { isRecord } from "../../shared/isRecord.ts";
import type { AuditMode, Mode } from "../../shared/types.ts";
import type { ConcernedAgents } from "../problems/problem.ts";
import {
  DEFAULT_AUDIT,
  DEFAULT_AUDIT_AGENT_MIB,
  DEFAULT_AUDIT_COMMAND_TEXT,
  DEFAULT_AUDIT_KEEP_DAYS,
  DEFAULT_AUDIT_MAX_MIB,
  DEFAULT_MODE,
} from "../schema/defaults.ts";
import { MAX_AUDIT_DAYS, MAX_AUDIT_MIB, MAX_NODES, MAX_RULES } from "../schema/limits.ts";
import { type NodeDraft, readNode } from "./nodeDraft.ts";
import { type LocatedDraft, readGateway } from "./placeDraft.ts";
import { type PresenceDraft, readPresence } from "./presenceDraft.ts";
import { type RuleDraft, readRule } from "./ruleDraft.ts";

/** A config as far as it is readable. */
export interface ConfigDraft {
  readonly mode: Mode;
  readonly audit: AuditMode;
  readonly auditCommandText: boolean;
  readonly auditKeepDays: number;
  readonly auditAgentMiB: number;
  readonly auditMaxMiB: number;
  readonly gateway: LocatedDraft;
  readonly presence: PresenceDraft;
  readonly nodes: readonly NodeDraft[];
  readonly rules: readonly RuleDraft[];
  /** Agents that any rule names; `"*"` when one of them cannot be read. */
  readonly routedAgents: ConcernedAgents;
}

/** Reads any value; what is absent or unreadable has its default. Never throws. */
export function readDraft(raw: unknown): ConfigDraft {
  const config = isRecord(raw) ? raw : {};
  const rawRules: readonly unknown[] = Array.isArray(config.rules) ? config.rules : [];
  const rawNodes = isRecord(config.nodes) ? Object.entries(config.nodes) : [];
  const rules = rawRules.slice(0, MAX_RULES).map(readRule);
  const unreadable =
    (raw !== undefined && !isRecord(raw)) ||
    (config.rules !== undefined && !Array.isArray(config.rules)) ||
    rawRules.length > MAX_RULES;
  return {
    mode: config.mode === "shadow" ? "shadow" : DEFAULT_MODE,
    audit: readAudit(config.audit),
    auditCommandText: config.auditCommandText === true || DEFAULT_AUDIT_COMMAND_TEXT,
    auditKeepDays: wholeOr(DEFAULT_AUDIT_KEEP_DAYS, config.auditKeepDays, MAX_AUDIT_DAYS),
    auditAgentMiB: wholeOr(DEFAULT_AUDIT_AGENT_MIB, config.auditAgentMiB, MAX_AUDIT_MIB),
    auditMaxMiB: wholeOr(DEFAULT_AUDIT_MAX_MIB, config.auditMaxMiB, MAX_AUDIT_MIB),
    gateway: readGateway(config.gateway),
    presence: readPresence(config.presence),
    nodes: rawNodes.slice(0, MAX_NODES).map(([name, value]) => readNode(name, value)),
    rules,
    routedAgents: unreadable ? "*" : unionOf(rules.map((rule) => rule.agents)),
  };
}

/** A whole number from 1 to `most`, else the default. */
function wholeOr(otherwise: number, value: unknown, most: number): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : otherwise;
}

/** What was written and cannot be read may have been meant to be strict. */
function readAudit(value: unknown): AuditMode {
  if (value === undefined) return DEFAULT_AUDIT;
  return value === "off" || value === "best-effort" ? value : "strict";
}

/** Every agent of every list once, in order; `"*"` when one of them is. */
export function unionOf(lists: readonly ConcernedAgents[]): ConcernedAgents {
  const union = new Set<string>();
  for (const agents of lists) {
    if (agents === "*") return "*";
    for (const agent of agents) union.add(agent);
  }
  return [...union];
}
