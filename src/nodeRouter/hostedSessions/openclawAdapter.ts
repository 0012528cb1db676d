// The host's private seams for hosted sessions: the only file that knows their names and shapes (OpenClaw 2026.9.6).
//   1. the object through which the gateway lets every turn in, local and hosted: our gate goes around its methods;
//   2. the tables of the state database that say which session is hosted, and on which node.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../shared/errors.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { definePart, type Memory } from "../../shared/processMemory.ts";
import { safe } from "../../shared/safeText.ts";
import { functionOf, type HostFunction } from "../host/hostFunction.ts";
import { agentOfKey } from "../host/sessionKey.ts";
import { CURRENT_TURN } from "../state/currentTurn.ts";
import type {
  Evidence,
  GateState,
  HostedReader,
  HostedRecords,
  HostedSession,
  Turn,
  TurnGate,
} from "./hostedSession.ts";

/** Where the host keeps what it asks before a turn: `{ provider }`. */
const ADMISSION = Symbol.for("openclaw.sessionPlacementAdmissionState");

/** Ours, shared by all copies of this code in the process. */
interface Shared {
  /** The newest registration's; every wrapper asks this one, so that a reload changes no wrapper. */
  gate: TurnGate | null;
  /** Our wrappers, so that nothing is wrapped twice. */
  readonly wrappers: WeakSet<HostFunction>;
  /** Admission objects whose `provider` we watch. */
  readonly watched: WeakSet<object>;
  state: GateState;
}

const TURN_GATE = definePart<Shared>("turn-gate", 1, () => ({
  gate: null,
  wrappers: new WeakSet(),
  watched: new WeakSet(),
  state: { kind: "waiting" },
}));

/** Puts the gate before every turn of this process, in place of an older one. Never throws. */
export function armTurnGate(memory: Memory, gate: TurnGate): GateState {
  memory.part(TURN_GATE).gate = gate;
  return rearm(memory);
}

/** Looks whether the gate still stands, and puts it back where the host or another plugin has changed something. */
export function rearm(memory: Memory): GateState {
  const shared = memory.part(TURN_GATE);
  try {
    const admission = admissionState();
    if (admission === null) return unfit(shared, "the host's turn admission is not an object");
    if (!shared.watched.has(admission)) watch(admission, shared, memory);
    enclose(Reflect.get(admission, "provider"), shared, memory);
  } catch (error) {
    return unfit(shared, `the host's turn admission cannot be wrapped (${safe(messageOf(error))})`);
  }
  return shared.state;
}

/** Takes the gate away if it is still this one: a newer registration's stays. */
export function disarmTurnGate(memory: Memory, gate: TurnGate): void {
  const shared = memory.part(TURN_GATE);
  if (shared.gate === gate) shared.gate = null;
}

/** How it is now. */
export function turnGateState(memory: Memory): GateState {
  return memory.part(TURN_GATE).state;
}

function unfit(shared: Shared, reason: string): GateState {
  shared.state = { kind: "unfit", reason };
  return shared.state;
}

/** The host makes the same object when it is there first, and uses ours when we are. */
function admissionState(): object | null {
  if (!Object.hasOwn(globalThis, ADMISSION)) Reflect.set(globalThis, ADMISSION, {});
  const value: unknown = Reflect.get(globalThis, ADMISSION);
  return typeof value === "object" ? value : null;
}

/** The host installs its provider when it opens for turns, which may be after us and more than once. */
function watch(admission: object, shared: Shared, memory: Memory): void {
  let provider: unknown = Reflect.get(admission, "provider");
  Object.defineProperty(admission, "provider", {
    configurable: true,
    enumerable: true,
    get: () => provider,
    set(value: unknown) {
      provider = value;
      try {
        enclose(value, shared, memory);
      } catch (error) {
        unfit(shared, `the host's turn admission cannot be wrapped (${safe(messageOf(error))})`);
      }
    },
  });
  shared.watched.add(admission);
}

/** Wraps the provider's methods in place: the host compares the object itself with what it installed. */
function enclose(provider: unknown, shared: Shared, memory: Memory): void {
  if (provider === undefined || provider === null) {
    shared.state = { kind: "waiting" };
    return;
  }
  if (typeof provider !== "object" || functionOf(provider, "executeTurn") === null) {
    unfit(shared, "the host's turn admission has no executeTurn");
    return;
  }
  wrap(provider, "executeTurn", shared, beforeTurn, (turn, run) => inTurn(memory, turn, run));
  wrap(provider, "executeLocalTurn", shared, beforeCliTurn);
  wrap(provider, "resolveSandbox", shared, beforeSandbox);
  shared.state = { kind: "armed" };
}

/** What stands before one call of a gated method; returns the arguments that the call then gets. */
type Before = (gate: TurnGate, turn: Turn, args: readonly unknown[]) => Promise<readonly unknown[]>;

/**
 * Does nothing without such a method. A turn that does not concern the gate goes on as if nothing stood there.
 * @param within runs what the gate let in
 */
function wrap(
  provider: object,
  name: string,
  shared: Shared,
  before: Before,
  within: (turn: Turn, run: () => unknown) => unknown = (_turn, run) => run(),
): void {
  const original = functionOf(provider, name);
  if (original === null || shared.wrappers.has(original)) return;
  const wrapper = function gated(this: unknown, ...args: readonly unknown[]): unknown {
    const { gate } = shared;
    const turn = turnOf(args[0]);
    if (gate === null || !gate.concerns(turn)) return Reflect.apply(original, this, args);
    return before(gate, turn, args).then((checked) =>
      within(turn, () => Reflect.apply(original, this, checked)),
    );
  };
  shared.wrappers.add(wrapper);
  if (!Reflect.set(provider, name, wrapper)) throw new Error(`${name} is read-only`);
}

/** What the turn calls back can ask whose turn it is. */
function inTurn(memory: Memory, { agent: named, sessionKey }: Turn, run: () => unknown): unknown {
  const agent = sessionKey === null ? null : (agentOfKey(sessionKey) ?? named);
  if (agent === null || sessionKey === null) return run();
  return memory.part(CURRENT_TURN).run({ agent, sessionKey }, run);
}

/**
 * `executeTurn(claim, turn, runLocal, onAdmitted, assertCurrent)`. Of a session that is not local the host calls
 * `assertCurrent` while it waits and works, and `onAdmitted` when the machine is certain and before anything is sent
 * there; of a local one it calls neither.
 */
const beforeTurn: Before = async (gate, turn, args) => {
  await gate.prepare(turn);
  gate.check(turn, "none");
  const checked = [...args];
  checked[3] = checkedFirst(args[3], gate, turn, "hosted");
  checked[4] = checkedFirst(args[4], gate, turn, "waiting");
  return checked;
};

function checkedFirst(callback: unknown, gate: TurnGate, turn: Turn, evidence: Evidence): unknown {
  // A host that passes something else here is another host: the records alone must do.
  if (callback !== undefined && typeof callback !== "function") return callback;
  return (...args: readonly unknown[]): unknown => {
    gate.check(turn, evidence);
    return callback === undefined ? undefined : Reflect.apply(callback, undefined, args);
  };
}

/** `executeLocalTurn(claim, runLocal)`: turns of command line agents, of which a node may run the whole. */
const beforeCliTurn: Before = async (gate, turn, args) => {
  gate.checkCli(turn);
  return args;
};

/** `resolveSandbox(params)`: gives a harness on the gateway the node that its commands go to. */
const beforeSandbox: Before = async (gate, turn, args) => {
  await gate.prepare(turn);
  gate.check(turn, "none");
  return args;
};

function turnOf(claim: unknown): Turn {
  const { sessionId, agentId, sessionKey, runId } = isRecord(claim) ? claim : {};
  const read = (value: unknown) => (typeof value === "string" && value.trim() !== "" ? value : null);
  return {
    sessionId: read(sessionId) ?? "",
    agent: read(agentId),
    sessionKey: read(sessionKey),
    runId: read(runId),
  };
}

const SELECT = `select p.session_id, p.agent_id, p.session_key, p.state, p.environment_id,
    p.transition_generation, p.active_owner_epoch, e.node_device_id
  from worker_session_placements p left join worker_environments e on e.environment_id = p.environment_id
  where p.state <> 'local'`;

/** More hosted sessions than this are not told one by one. */
const MAX_SESSIONS = 1_000;

/** @param stateDir the host's: `api.runtime.state.resolveStateDir()`. */
export function openHostedReader(stateDir: string): HostedReader {
  const file = join(stateDir, "state", "openclaw.sqlite");
  const one = (clause: string, value: string) => {
    const read = query(file, `${SELECT} and ${clause} order by p.updated_at_ms desc limit 1`, value);
    return read.ok ? { ok: true as const, session: read.sessions[0] ?? null } : read;
  };
  return {
    all: () => query(file, `${SELECT} order by p.session_key limit ${MAX_SESSIONS}`),
    ofSession: (sessionId) => one("p.session_id = ?", sessionId),
    ofKey: (sessionKey) => one("p.session_key = ?", sessionKey),
  };
}

function query(file: string, sql: string, ...values: readonly string[]): HostedRecords {
  // A gateway that never kept state has hosted nothing; opening would fail for another reason than that.
  if (!existsSync(file)) return { ok: false, reason: "the host's state database is not there" };
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const rows: readonly unknown[] = database.prepare(sql).all(...values);
    return { ok: true, sessions: rows.map(sessionOf) };
  } catch (error) {
    return { ok: false, reason: `the host's records cannot be read (${safe(messageOf(error))})` };
  } finally {
    database?.close();
  }
}

/** @throws when a column is not what we know: no guess about where a session runs. */
function sessionOf(row: unknown): HostedSession {
  const columns = isRecord(row) ? row : {};
  const text = (name: string): string => {
    const value = columns[name];
    if (typeof value !== "string" || value === "") throw new Error(`unexpected value in ${name}`);
    return value;
  };
  const { environment_id: environmentId, transition_generation: generation } = columns;
  const { active_owner_epoch: ownerEpoch, node_device_id: nodeId } = columns;
  return {
    sessionId: text("session_id"),
    agent: text("agent_id"),
    sessionKey: text("session_key"),
    state: text("state"),
    nodeId: typeof nodeId === "string" && nodeId !== "" ? nodeId : null,
    source:
      typeof environmentId === "string" && typeof generation === "number" && typeof ownerEpoch === "number"
        ? { environmentId, generation, ownerEpoch }
        : null,
  };
}
