// The private seams of the installed OpenClaw that hosted sessions are held back by, as they really are.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { TurnGate } from "../../src/nodeRouter/hostedSessions/hostedSession.ts";
import {
  armTurnGate,
  disarmTurnGate,
  openHostedReader,
  turnGateState,
} from "../../src/nodeRouter/hostedSessions/openclawAdapter.ts";
import { createMemory } from "../../src/shared/processMemory.ts";
import { ROOT } from "../support/environment.ts";

const DIST = join(ROOT, "node_modules", "openclaw", "dist");
const read = (file: string) => readFileSync(join(DIST, file), "utf8");
const files = readdirSync(DIST).filter((file) => file.endsWith(".mjs"));

/** The one file whose name begins so; the host puts a hash behind. */
function only(prefix: string): string {
  const found = files.filter((file) => new RegExp(`^${prefix}-[\\w-]{8}\\.mjs$`).test(file));
  expect(found).toHaveLength(1);
  return found[0] ?? "";
}

describe("turn admission", () => {
  type Any = (...args: readonly unknown[]) => unknown;
  const load = async () => {
    const module: object = await import(pathToFileURL(join(DIST, only("session-placement-admission"))).href);
    const named = (name: string): Any => {
      const found: unknown = Object.values(module).find(
        (value: unknown) => typeof value === "function" && value.name === name,
      );
      if (typeof found !== "function") throw new Error(`the host has no ${name}`);
      return (...args) => Reflect.apply(found, undefined, args) as unknown;
    };
    return {
      install: named("installSessionPlacementAdmissionProvider"),
      admit: named("withSessionPlacementTurnAdmission"),
    };
  };
  const claim = { sessionId: "s1", agentId: "worker-sg", sessionKey: "agent:worker-sg:one", runId: "run-1" };

  test("every turn passes the gate with session, agent and run; what it throws ends the turn before it begins", async () => {
    const gate: TurnGate = {
      concerns: vi.fn(() => true),
      prepare: async () => {},
      check: vi.fn(() => {
        throw new Error("HOSTED_ELSEWHERE: refused");
      }),
      checkCli: () => {},
    };
    const memory = createMemory(() => 0);
    armTurnGate(memory, gate);
    const { install, admit } = await load();
    const executeTurn = vi.fn(async (_claim: unknown, _turn: unknown, runLocal: unknown) =>
      typeof runLocal === "function" ? (runLocal() as unknown) : undefined,
    );
    const uninstall = install({ executeTurn, executeLocalTurn: async () => {} });
    expect(turnGateState(memory)).toEqual({ kind: "armed" });

    const task = vi.fn(async () => ({ meta: {} }));
    await expect(admit(claim, { lifecycleGeneration: 0 }, task)).rejects.toThrow("HOSTED_ELSEWHERE: refused");
    expect(gate.concerns).toHaveBeenCalledWith({
      sessionId: "s1",
      agent: "worker-sg",
      sessionKey: "agent:worker-sg:one",
      runId: "run-1",
    });
    expect(executeTurn).not.toHaveBeenCalled();
    expect(task).not.toHaveBeenCalled();

    // The host takes out what it put in, by identity.
    if (typeof uninstall === "function") uninstall();
    expect(turnGateState(memory)).toEqual({ kind: "waiting" });
    disarmTurnGate(memory, gate);
  }, 120_000);

  test("of a turn that is not local the host asks before it chooses, and says when it has, before it sends anything", () => {
    const code = read(only("server-worker-placement-startup"));
    const turn = code.slice(code.indexOf("async executeTurn("));
    expect(turn.slice(0, 200)).toContain(
      "executeTurn(claim, inputTurn, runLocal, onAdmitted, assertRunCurrent)",
    );
    const [first, admitted, execute] = [
      "assertRunCurrent?.();",
      "onAdmitted?.();",
      "return await execute({",
    ].map((part) => turn.indexOf(part));
    expect(first).toBeGreaterThan(0);
    expect(admitted).toBeGreaterThan(first ?? 0);
    expect(execute).toBeGreaterThan(admitted ?? 0);
  });
});

describe("records", () => {
  const folder = mkdtempSync(join(tmpdir(), "node-router-schema-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("are readable in the tables that the host makes", () => {
    const code = read(only("openclaw-state-db-read-connection"));
    const line = /^const OPENCLAW_STATE_SCHEMA_SQL = (".*");$/m.exec(code)?.[1];
    const schema = JSON.parse(line ?? '""') as string;
    mkdirSync(join(folder, "state"));
    const database = new DatabaseSync(join(folder, "state", "openclaw.sqlite"));
    for (const table of ["worker_session_placements", "worker_environments"]) {
      const statement = new RegExp(`CREATE TABLE IF NOT EXISTS ${table} \\([^;]*;`).exec(schema)?.[0];
      database.exec(statement ?? `no table ${table}`);
    }
    database.exec(`insert into worker_session_placements (session_id, agent_id, session_key, state,
      transition_generation, created_at_ms, updated_at_ms, state_changed_at_ms)
      values ('s1', 'worker-sg', 'agent:worker-sg:one', 'requested', 3, 1, 1, 1)`);
    database.close();
    expect(openHostedReader(folder).ofSession("s1")).toEqual({
      ok: true,
      session: {
        sessionId: "s1",
        agent: "worker-sg",
        sessionKey: "agent:worker-sg:one",
        state: "requested",
        nodeId: null,
        source: null,
      },
    });
  });
});
