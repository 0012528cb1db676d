// The plugin's own records of the calls: the one place that knows where they are, and which calls must be in them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../src/shared/isRecord.ts";
import { readJson } from "../src/shared/jsonParts.ts";
import type { Gateway } from "../test/support/gatewayTypes.ts";
import { claimsOfRecords, RECORD, RESULT } from "./claims.ts";
import type { Asked, Claim, World } from "./oracle.ts";
import { AGENTS } from "./rules.ts";

/** Sources of claims that the oracle holds against the marks. */
export const SOURCES: readonly string[] = [RESULT, RECORD];

export interface Records {
  readonly claims: readonly Claim[];
  /** Every decided call is in them; otherwise only what was done in a workspace is. */
  readonly isLedger: boolean;
}

/** @param idOf the id of a tool call. */
export function readRecords(gateway: Gateway, idOf: (callId: string) => string | null): Records {
  const folder = join(gateway.home.stateDir, "node-router", "audit");
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("audit")) : [];
  const lines = files.flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"));
  const isLedger = lines
    .map((line) => readJson(line))
    .some((record) => isRecord(record) && record.kind === "call");
  return { claims: claimsOfRecords(lines, idOf), isLedger };
}

/** An end of the gateway's process: when it was told to end, and when it had. Ms after the start. */
export interface Ending {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Whether the source must know the call. Strict: what begins on a node was announced before; a refusal is written behind
 * the call, so one that came right before the gateway's end may be lost. What a model asks for while the gateway ends,
 * OpenClaw does not begin; it ends the turn as if all were well, or shows the model in the next life that there is no result.
 */
export function mustHave(isLedger: boolean, endings: readonly Ending[]) {
  return (source: string, call: Asked, marks: number): boolean => {
    if (source === RESULT)
      return call.isAnswered && !endings.some((one) => isWithin(call.fromMs, one.fromMs, one.untilMs));
    const binding = AGENTS.find(({ id }) => id === call.agent)?.binding;
    if (marks > 0) return binding === "workspace" || (isLedger && binding === "exec");
    const isNearEnd = endings.some((one) => isWithin(one.untilMs, call.fromMs, call.untilMs + WRITTEN_MS));
    return isLedger && call.told && binding !== "none" && !isNearEnd;
  };
}

/** A gateway that starts has counted nothing yet: nobody can tell then. */
export function inOneLife(mostAtOnce: World["mostAtOnce"], endings: readonly Ending[]): World["mostAtOnce"] {
  return (fromMs, untilMs) =>
    endings.some((one) => isWithin(one.untilMs, fromMs, untilMs))
      ? Number.POSITIVE_INFINITY
      : mostAtOnce(fromMs, untilMs);
}

const isWithin = (atMs: number, fromMs: number, untilMs: number): boolean =>
  fromMs <= atMs && atMs <= untilMs;

/** So long after its end the record of a call is in the file, on a busy machine too. */
const WRITTEN_MS = 5_000;
