// A gateway that is killed in mid-command: its next life asks the node, and closes the audit with what is true.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import { isAlive } from "../support/leftovers.ts";
import { waitFor } from "../support/wait.ts";
import { call, type Deployment, startDeployment } from "./deployment.ts";
import { recordsOf } from "./ledgerOf.ts";
import { SANDBOX } from "./sshDeployment.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment({
    pluginOn: ["mac-sg"],
    router: (plain) => ({ ...plain, auditCommandText: true }),
    config: {
      tools: { exec: { backgroundMs: 120_000 } },
      agents: { entries: { "worker-sg": { sandbox: SANDBOX } } },
    },
  });
});
afterAll(() => deployment?.stop());

const on = (name: string): string => join(deployment.work.sg, name);
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
const endsOf = (marker: string): readonly JsonObject[] =>
  recordsOf(deployment.gateway).filter(
    ({ phase, command }) => phase === "end" && String(command).includes(marker),
  );

test("what ended meanwhile is recorded with its real end, what runs on is ended, and both ran once", async () => {
  const { gateway } = deployment;
  const run = (name: string, rest: string): void => {
    const command = `: ${name}; echo started >>${name}.starts; echo $$ >${name}.pid; ${rest}`;
    void gateway
      .agent("worker-sg", call("exec", { command }), { sessionKey: `agent:worker-sg:${name}` })
      .then(
        () => {},
        () => {},
      );
  };
  run("ends", "until [ -e go ]; do sleep 0.2; done; exit 6");
  run("lasts", "sleep 600");
  const pid = await waitFor("both to run", () => {
    const [one, other] = ["ends", "lasts"].map((name) => Number(textOf(on(`${name}.pid`))));
    return one !== 0 && other !== 0 && other;
  });
  await gateway.kill9();
  writeFileSync(on("go"), "");
  await gateway.start();
  await waitFor("the record of the one that ended", () => endsOf(": ends;").length > 0);
  await waitFor("the record of the one that ran on", () => endsOf(": lasts;").length > 0);
  expect(endsOf(": ends;")).toEqual([
    expect.objectContaining({ outcome: "ran", exitCode: 6, transport: "node", node: "mac-sg" }),
  ]);
  expect(endsOf(": lasts;")).toEqual([expect.objectContaining({ outcome: "unknown", processGroup: pid })]);
  await waitFor("the one that ran on to be gone", () => !isAlive(pid));
  for (const name of ["ends", "lasts"]) expect(textOf(on(`${name}.starts`))).toBe("started\n");
  // Nothing of it is asked again by the life after that.
  const journal = join(gateway.home.stateDir, "node-router/node-commands.json");
  // It is written behind the records.
  await waitFor("the journal to be empty", () => JSON.parse(textOf(journal)).commands.length === 0, {
    onTimeout: () => textOf(journal),
  });
});
