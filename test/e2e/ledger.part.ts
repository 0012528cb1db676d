// The ledger on a real gateway: calls of every kind are in it with their node and end, and a changed byte is found.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { VerifyReport } from "../../src/nodeRouter/ledger/verify.ts";
import { isRecord } from "../../src/shared/isRecord.ts";
import { waitFor } from "../support/wait.ts";
import { call, type Deployment, startDeployment } from "./deployment.ts";
import { ledgerFile } from "./ledgerOf.ts";
import { SANDBOX } from "./sshDeployment.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment({
    pluginOn: ["mac-sg"],
    router: (plain) => ({
      ...plain,
      rules: [
        { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
        { name: "china", agents: ["worker-cn"], require: "region=cn" },
        { name: "europe", agents: ["master"], require: "region=eu" },
      ],
    }),
    config: {
      tools: { exec: { backgroundMs: 120_000 } },
      agents: { entries: { "worker-sg": { sandbox: SANDBOX } } },
    },
  });
});
afterAll(() => deployment?.stop());

const SECRET = "s3cret-7f0c";

test("a routed exec, a refusal and a workspace's write are in it with node and outcome, and its chain is checked", async () => {
  const { gateway } = deployment;
  const cli = async (...args: string[]) => {
    const { code, stdout } = await gateway.router(...args, "--json");
    return { code, report: JSON.parse(stdout) };
  };
  const [cn, sg, lost] = await Promise.all([
    gateway.agent("worker-cn", call("exec", { command: `echo ${SECRET}; exit 3` })),
    gateway.agent(
      "worker-sg",
      [call("exec", { command: "echo hello" }), call("write", { path: "a.txt", content: "x" })].join("\n"),
    ),
    gateway.agent("master", call("exec", { command: "echo no" })),
  ]);
  expect(lost.results[0]).toContain("NO_NODE_FITS");

  // The host tells the end of a call beside the run, not in it.
  const report = await waitFor("the ends of the calls", async () => {
    const { code, report } = await cli("calls");
    expect(code).toBe(0);
    return report.calls.every(({ outcome }: { outcome: string }) => outcome !== "running") && report;
  });
  const rowsOf = (sessionKey: string) =>
    report.calls
      .filter((row: unknown) => isRecord(row) && row.session === sessionKey)
      .toReversed()
      .map(({ id: _id, at: _at, ms: _ms, session: _session, ...row }: Record<string, unknown>) => row);
  const sgRow = {
    agent: "worker-sg",
    rule: "singapore",
    outcome: "ran",
    node: "mac-sg",
    transport: "node",
    place: { country: "SG", source: "declared" },
    code: null,
  };
  expect(rowsOf(cn.sessionKey)).toEqual([
    {
      agent: "worker-cn",
      tool: "exec",
      rule: "china",
      outcome: "ran",
      node: "mac-cn",
      transport: "node",
      place: null,
      code: null,
    },
  ]);
  expect(rowsOf(sg.sessionKey)).toEqual([
    { ...sgRow, tool: "exec" },
    { ...sgRow, tool: "write" },
  ]);
  expect(rowsOf(lost.sessionKey)).toEqual([
    {
      agent: "master",
      tool: "exec",
      rule: "europe",
      outcome: "refused",
      node: null,
      transport: null,
      place: null,
      code: "NO_NODE_FITS",
    },
  ]);
  expect(await gateway.rpc("noderouter.calls", { outcome: "refused", agent: "master" })).toMatchObject({
    calls: [{ code: "NO_NODE_FITS" }],
  });

  const sound = await gateway.rpc<VerifyReport>("noderouter.ledger", {});
  expect(sound.findings).toEqual([]);
  expect(await gateway.rpc("noderouter.ledger", { head: sound.head?.hash })).toMatchObject({ ok: true });

  const file = ledgerFile(gateway);
  const text = await waitFor("the ledger", () => readFileSync(file, "utf8"));
  expect(text).not.toContain(SECRET);
  writeFileSync(file, text.replace('"outcome":"refused"', '"outcome":"refuseb"'));
  const changed = await cli("ledger", "verify");
  expect(changed.code).toBe(1);
  expect(changed.report.findings).toMatchObject([{ kind: "changed", file: "audit.jsonl" }]);
  writeFileSync(file, text);
});
