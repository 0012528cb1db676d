// How many sessions a connection holds: what the server refuses, and what that says of it.
import { afterEach, expect, test } from "vitest";
import { launchCommands } from "../../../../../src/nodeRouter/transports/ssh/session/bootstrap.ts";
import { Connection } from "../../../../../src/nodeRouter/transports/ssh/session/connection.ts";
import { Runner } from "../../../../../src/nodeRouter/transports/ssh/session/runner.ts";
import { createSimNode, type SimOptions } from "../../../../support/ssh/simNode.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function connect(options: SimOptions): Promise<Connection> {
  const node = createSimNode(options);
  const connection = new Connection(await node.connect());
  cleanUps.push(() => node.cut());
  return connection;
}

/** So many sessions asked for at once: those that were opened. */
async function open(connection: Connection, count: number): Promise<readonly Runner[]> {
  const { runner } = launchCommands(false);
  const asked = Array.from({ length: count }, () =>
    connection.open(runner, {}, 5_000, (session) => new Runner(session)),
  );
  const opened = await Promise.allSettled(asked);
  return opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

async function close(runners: readonly Runner[]): Promise<void> {
  for (const runner of runners) runner.discard();
  await Promise.all(runners.map(({ ended }) => ended));
}

test("a server that allows fewer sessions is asked for no more than those", async () => {
  const connection = await connect({ maxSessions: 3 });
  expect(await open(connection, 8)).toHaveLength(3);
  expect([connection.limit, connection.room]).toEqual([3, 0]);
});

test("sessions that were closed and still count there say nothing of what the server allows", async () => {
  const connection = await connect({ maxSessions: 10, countsOn: 40 });
  const first = await open(connection, 8);
  await close(first.slice(0, 6));
  const more = await open(connection, 6);
  expect(more.length).toBeLessThan(6);
  expect(connection.limit).toBe(8);
});

test("what is refused though nothing that was closed can count any more is the limit, also after many sessions", async () => {
  const connection = await connect({ maxSessions: 4 });
  for (let at = 0; at < 3; at += 1) await close(await open(connection, 2));
  await open(connection, 8);
  expect(connection.limit).toBeLessThanOrEqual(6);
  // The next answer settles what was closed before.
  await open(connection, 1);
  expect([connection.limit, connection.room]).toEqual([4, 0]);
});

test("a server that gives no session at all has no room", async () => {
  const connection = await connect({ maxSessions: 0 });
  expect(await open(connection, 2)).toHaveLength(0);
  expect(connection.limit).toBe(0);
});
