// A login on which no command can run is an error with the commands' own message; one that works is none.
import { expect, test } from "vitest";
import { findingsOf, guarded, hostOf } from "./arrange.ts";

const CLEAN = { host: guarded({ host: hostOf({ "cn-1": {} }) }) };
const found = (faults: readonly (readonly [string, string])[]) =>
  findingsOf({ ...CLEAN, doctor: { sshFaults: new Map(faults) } });

test("a node whose login gives no session is an error, with the reason that commands get", () => {
  const fault =
    'NOT_STARTED: on node "sg-1" no session could be opened: its shell was not ready in 15 s\u001b[2J';
  expect(found([["sg-1", fault]])).toEqual([
    {
      id: "node-router/ssh-login",
      severity: "error",
      message: `commands on node "sg-1" are refused: ${fault.replace("\u001b", "\\u001b")}`,
      path: null,
      fix: 'as the message says, then "openclaw node-router probe sg-1"; docs/ssh-nodes.md has what start files do',
    },
  ]);
});

test("nodes whose logins work are none", () => {
  expect(found([])).toEqual([]);
});
