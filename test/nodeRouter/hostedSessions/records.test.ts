// The host's records of hosted sessions, read from a database of its own shape.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { openHostedReader } from "../../../src/nodeRouter/hostedSessions/openclawAdapter.ts";
import { CN_ID } from "../../support/fakeDeps.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The columns that are read, as OpenClaw 2026.9.6 has them; the rest of its table matters to nobody here. */
function stateFolder(...statements: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "node-router-records-"));
  folders.push(folder);
  mkdirSync(join(folder, "state"));
  const database = new DatabaseSync(join(folder, "state", "openclaw.sqlite"));
  database.exec(`
    create table worker_session_placements (session_id text primary key, agent_id text, session_key text, state text,
      environment_id text, transition_generation integer, active_owner_epoch integer, updated_at_ms integer);
    create table worker_environments (environment_id text primary key, node_device_id text);`);
  for (const statement of statements) database.exec(statement);
  database.close();
  return folder;
}

const ENVIRONMENT = `insert into worker_environments values ('env-1', '${CN_ID}')`;
const ACTIVE =
  "insert into worker_session_placements values ('s1', 'worker-sg', 'agent:worker-sg:a', 'active', 'env-1', 5, 2, 10)";
const WAITING =
  "insert into worker_session_placements values ('s2', 'worker-sg', 'agent:worker-sg:b', 'requested', null, 1, null, 11)";
const LOCAL =
  "insert into worker_session_placements values ('s3', 'worker-sg', 'agent:worker-sg:c', 'local', null, 7, null, 12)";

test("a hosted session has its node and its place; one that waits has neither; a local one is none", () => {
  const reader = openHostedReader(stateFolder(ENVIRONMENT, ACTIVE, WAITING, LOCAL));
  const active = {
    sessionId: "s1",
    agent: "worker-sg",
    sessionKey: "agent:worker-sg:a",
    state: "active",
    nodeId: CN_ID,
    source: { environmentId: "env-1", generation: 5, ownerEpoch: 2 },
  };
  expect(reader.all()).toEqual({
    ok: true,
    sessions: [active, expect.objectContaining({ sessionId: "s2", nodeId: null, source: null })],
  });
  expect(reader.ofSession("s1")).toEqual({ ok: true, session: active });
  expect(reader.ofKey("agent:worker-sg:a")).toEqual({ ok: true, session: active });
  expect(reader.ofSession("s3")).toEqual({ ok: true, session: null });
  expect(reader.ofSession("s9")).toEqual({ ok: true, session: null });
});

test("what changes meanwhile is read at the next question", () => {
  const folder = stateFolder(ENVIRONMENT);
  const reader = openHostedReader(folder);
  expect(reader.ofSession("s1")).toEqual({ ok: true, session: null });
  const database = new DatabaseSync(join(folder, "state", "openclaw.sqlite"));
  database.exec(ACTIVE);
  database.close();
  expect(reader.ofSession("s1")).toMatchObject({ session: { nodeId: CN_ID } });
});

test("a database that is not there, of another shape or with other values is said, never taken for no session", () => {
  const missing = openHostedReader(join(tmpdir(), "node-router-no-such-folder"));
  expect(missing.all()).toMatchObject({ ok: false });
  const other = openHostedReader(stateFolder("drop table worker_environments"));
  expect(other.ofSession("s1")).toEqual({
    ok: false,
    reason: expect.stringContaining("worker_environments"),
  });
  const odd = openHostedReader(
    stateFolder(ENVIRONMENT, ACTIVE, "update worker_session_placements set agent_id = null"),
  );
  expect(odd.ofSession("s1")).toEqual({ ok: false, reason: expect.stringContaining("agent_id") });
});
