// Hosted sessions without a host: records to change, and turns to ask about.
import type {
  HostedReader,
  HostedSession,
  Turn,
} from "../../../src/nodeRouter/hostedSessions/hostedSession.ts";
import { CN_ID } from "../../support/fakeDeps.ts";

/** A session of worker-sg that runs on mac-cn, where its rule does not allow it. */
export function hostedSession(changes: Partial<HostedSession> = {}): HostedSession {
  return {
    sessionId: "session-1",
    agent: "worker-sg",
    sessionKey: "agent:worker-sg:one",
    state: "active",
    nodeId: CN_ID,
    source: { generation: 5, environmentId: "worker:1", ownerEpoch: 2 },
    ...changes,
  };
}

/** Records that a test changes; a reason instead of them: they cannot be read. */
export interface Records extends HostedReader {
  now: readonly HostedSession[] | string;
}

export function recordsOf(now: readonly HostedSession[] | string = []): Records {
  const find = (matches: (session: HostedSession) => boolean) =>
    typeof records.now === "string"
      ? { ok: false as const, reason: records.now }
      : { ok: true as const, session: records.now.find(matches) ?? null };
  const records: Records = {
    now,
    all: () =>
      typeof records.now === "string"
        ? { ok: false, reason: records.now }
        : { ok: true, sessions: records.now },
    ofSession: (id) => find(({ sessionId }) => sessionId === id),
    ofKey: (key) => find(({ sessionKey }) => sessionKey === key),
  };
  return records;
}

export function turnOf(changes: Partial<Turn> = {}): Turn {
  return {
    sessionId: "session-1",
    agent: "worker-sg",
    sessionKey: "agent:worker-sg:one",
    runId: "run-1",
    ...changes,
  };
}
