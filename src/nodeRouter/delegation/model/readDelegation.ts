// A delegation as its file holds it: whole, or none of ours. Pure.
import { isErrorCode } from "../../../shared/errorCatalogue.ts";
import { fieldOf, itemsOf, numberIn } from "../../../shared/jsonParts.ts";
import type { Refusal } from "../../../shared/refusal.ts";
import { DELEGATION_STATES, type Delegation, type PeerAttempt } from "./delegation.ts";
import { UUID } from "./ids.ts";
import { readRan, textIn } from "./keptFields.ts";

/** Null for what lacks anything that must not be guessed: what is not read is kept aside, and never sent again. */
export function readDelegation(value: unknown): Delegation | null {
  const id = textIn(value, "id");
  const state = DELEGATION_STATES.find((known) => known === fieldOf(value, "state"));
  const requester = fieldOf(value, "requester");
  const asked = fieldOf(value, "asked");
  const [agentHere, session] = [textIn(requester, "agent"), textIn(requester, "session")];
  const [context, rule, agent, task] = [
    textIn(value, "context"),
    textIn(value, "rule"),
    textIn(value, "agent"),
    textIn(value, "task"),
  ];
  const [createdAtMs, heardAtMs] = [numberIn(value, "createdAtMs"), numberIn(value, "heardAtMs")];
  const attempts = itemsOf(fieldOf(value, "attempts")).map(readAttempt);
  const chain = itemsOf(fieldOf(value, "chain")).filter((link) => typeof link === "string");
  const isWhole = attempts.every((attempt) => attempt !== null);
  if (id === null || !UUID.test(id) || state === undefined || agentHere === null || session === null)
    return null;
  if (context === null || rule === null || agent === null || task === null) return null;
  if (createdAtMs === null || heardAtMs === null || !isWhole) return null;
  return {
    id,
    context,
    requester: {
      agent: agentHere,
      session,
      run: textIn(requester, "run"),
      call: textIn(requester, "call"),
    },
    rule,
    asked: { to: textIn(asked, "to"), agent: textIn(asked, "agent") },
    agent,
    task,
    chain,
    // Of a record that does not say it: no further.
    maxHops: numberIn(value, "maxHops") ?? chain.length,
    createdAtMs,
    heardAtMs,
    state,
    peer: textIn(value, "peer"),
    weaker: fieldOf(value, "weaker") === true,
    taskId: textIn(value, "taskId"),
    attempts,
    // Only what is told as false is false.
    mayHaveRun: fieldOf(value, "mayHaveRun") !== false,
    cancelRequested: fieldOf(value, "cancelRequested") === true,
    startedAtMs: numberIn(value, "startedAtMs"),
    endedAtMs: numberIn(value, "endedAtMs"),
    result: textIn(value, "result"),
    reason: readReason(fieldOf(value, "reason")),
    ran: itemsOf(fieldOf(value, "ran")).flatMap(readRan),
    tokens: numberIn(value, "tokens"),
    told: fieldOf(value, "told") === true,
  };
}

function readAttempt(value: unknown): PeerAttempt | null {
  const [peer, atMs] = [textIn(value, "peer"), numberIn(value, "atMs")];
  if (peer === null || atMs === null) return null;
  const outcome = fieldOf(value, "outcome");
  const isKnown = outcome === "accepted" || outcome === "not-accepted" || outcome === "unknown";
  return {
    peer,
    atMs,
    acceptBeforeMs: numberIn(value, "acceptBeforeMs"),
    clockOffsetMs: numberIn(value, "clockOffsetMs"),
    gateway: textIn(value, "gateway"),
    inDoubt: fieldOf(value, "inDoubt") !== false,
    isFenced: fieldOf(value, "isFenced") === true,
    outcome: isKnown ? outcome : null,
    reason: readReason(fieldOf(value, "reason")),
  };
}

function readReason(value: unknown): Refusal | null {
  const [code, fact] = [fieldOf(value, "code"), textIn(value, "fact")];
  if (!isErrorCode(code) || fact === null) return null;
  return { code, fact, nothingRan: textIn(value, "nothingRan"), advice: textIn(value, "advice") };
}
