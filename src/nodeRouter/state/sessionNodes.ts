// Which node each session's files are on, and how it is reached. Kept in memory, and in a file so that a restart forgets nothing.

import { FairMap } from "../../shared/fairMap.ts";
import { agentOfSessionKey } from "../../shared/hostNames.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { definePart } from "../../shared/processMemory.ts";
import { createSharedEntries, withTheirs } from "../../shared/sharedEntries.ts";
import type { SharedStore } from "../../shared/stateFile.ts";
import type { Transport } from "../../shared/types.ts";

/**
 * A few hundred bytes each; a forgotten session is only placed anew. Fair by agent: one that opens thousands makes room
 * by itself.
 */
export const MAX_SESSIONS = 2_000;

/** Where a session's workspace is, for as long as it is there. */
export interface KeptPlace {
  /** Inventory name. */
  readonly node: string;
  readonly over: Transport;
}

export interface SessionNode extends KeptPlace {
  readonly sessionKey: string;
  /** The node that it was on before, until the agent was told; its files are still there. */
  readonly movedFrom: string | null;
}

export interface SessionNodes {
  /** Resolves when what was stored is known; at once without a store. Never rejects. */
  ready(): Promise<void>;
  get(sessionKey: string): SessionNode | null;
  /** The session is on this node now, reached over this. */
  put(sessionKey: string, node: string, over: Transport): SessionNode;
  /** The agent knows that its node changed. */
  told(sessionKey: string): void;
  /** Of the agent's latest session; null when it had none. */
  latestOf(agent: string): KeptPlace | null;
  /** Keys of the sessions on this node. */
  on(node: string): readonly string[];
  /** All of them, the one that was used last at the end. */
  all(): readonly SessionNode[];
  /**
   * Keeps the sessions in this store from now on, and takes in what it holds, and what other gateways put there, whenever
   * it is written. A second store is ignored.
   * @param onError a read or write failed; the sessions are kept in memory alone then.
   */
  keepIn(store: SharedStore, onError: (error: unknown) => void): void;
  /** Resolves when all of it is in the store, or could not be written. */
  flush(): Promise<void>;
}

/** Of agents whose workspace is on a node. */
export const SESSION_NODES = definePart("session-nodes", 2, createSessionNodes);

/** Empty, and in memory alone until `keepIn`. At its bound the agent that has most loses its oldest session. */
export function createSessionNodes(): SessionNodes {
  const sessions = new FairMap<string, SessionNode>(MAX_SESSIONS, agentOfSession, (key) => kept.said(key));
  /** What is in the store; what this process has said since is newer. */
  const takeIn = (text: string | null): void => {
    const found = parseSessions(text).filter(({ sessionKey }) => !kept.isSaid(sessionKey));
    const merged = withTheirs(sessions, new Map(found.map((session) => [session.sessionKey, session])));
    sessions.clear();
    for (const session of merged) sessions.set(session.sessionKey, session);
  };
  const kept = createSharedEntries(takeIn, () =>
    JSON.stringify({ version: 1, sessions: [...sessions.values()] }),
  );
  let store: SharedStore | null = null;
  let report: (error: unknown) => void = () => {};
  let loaded: Promise<void> = Promise.resolve();
  let writing: Promise<void> | null = null;
  let dirty = false;

  const write = async (to: SharedStore): Promise<void> => {
    while (dirty) {
      // Whatever else this turn notes goes along, and no call waits for it.
      await new Promise((resolve) => setImmediate(resolve));
      await loaded;
      dirty = false;
      try {
        await kept.write(to);
      } catch (error) {
        report(error);
      }
    }
    writing = null;
  };
  const changed = (sessionKey: string): void => {
    kept.said(sessionKey);
    dirty = true;
    if (store !== null) writing ??= write(store);
  };

  return {
    ready: () => loaded,
    get: (sessionKey) => sessions.get(sessionKey) ?? null,
    put(sessionKey, node, over) {
      const before = sessions.get(sessionKey);
      if (before?.node === node && before.over === over) {
        // The one that was used last is the last to be forgotten.
        sessions.set(sessionKey, before);
        return before;
      }
      // Moved twice before it was told: what it knows is the first node; moved back: nothing changed for it.
      const from = before?.movedFrom ?? before?.node ?? null;
      const session = { sessionKey, node, over, movedFrom: from === node ? null : from };
      sessions.set(sessionKey, session);
      changed(sessionKey);
      return session;
    },
    told(sessionKey) {
      const session = sessions.get(sessionKey);
      if (session === undefined || session.movedFrom === null) return;
      sessions.set(sessionKey, { ...session, movedFrom: null });
      changed(sessionKey);
    },
    latestOf(agent) {
      const own = [...sessions.values()].filter(({ sessionKey }) => agentOfSessionKey(sessionKey) === agent);
      return own.at(-1) ?? null;
    },
    on: (node) => [...sessions.values()].flatMap((at) => (at.node === node ? [at.sessionKey] : [])),
    all: () => [...sessions.values()],
    keepIn(newStore, onError) {
      if (store !== null) return;
      store = newStore;
      report = onError;
      loaded = newStore.read().then(takeIn).catch(onError);
      if (dirty) writing ??= write(newStore);
    },
    flush: () => writing ?? Promise.resolve(),
  };
}

/** Of `agent:<id>:<rest>`; a key of another form is nobody's. */
function agentOfSession(sessionKey: string): string {
  return /^agent:([^:]{1,300}):/.exec(sessionKey)?.[1] ?? "";
}

/**
 * Entries that are not what we wrote are left out. Versions before the node protocol wrote no `over`: it was SSH.
 * @throws SyntaxError no JSON
 */
export function parseSessions(text: string | null): readonly SessionNode[] {
  const parsed: unknown = text === null ? null : JSON.parse(text);
  if (!isRecord(parsed) || parsed.version !== 1 || !Array.isArray(parsed.sessions)) return [];
  return parsed.sessions.flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { sessionKey, node, over, movedFrom } = entry;
    if (typeof sessionKey !== "string" || typeof node !== "string") return [];
    return [
      {
        sessionKey,
        node,
        over: over === "node" ? "node" : "ssh",
        movedFrom: typeof movedFrom === "string" ? movedFrom : null,
      },
    ];
  });
}
