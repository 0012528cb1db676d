// An agent whose workspace is on a paired node: every workspace tool over the node protocol, on real node hosts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { processesOf } from "../support/leftovers.ts";
import { call, type Deployment, PROBE, startDeployment } from "./deployment.ts";
import { SANDBOX } from "./sshDeployment.ts";

const LINE = "[node-router] ran on mac-sg (SG, declared) · rule singapore";

describe("a workspace on a paired node", () => {
  let deployment: Deployment;
  let gateway: Gateway;
  /** On the node. */
  let workspace: string;

  beforeAll(async () => {
    deployment = await startDeployment({
      pluginOn: ["mac-sg"],
      config: {
        tools: { exec: { backgroundMs: 120_000 } },
        agents: { entries: { "worker-sg": { sandbox: SANDBOX }, "worker-cn": { sandbox: SANDBOX } } },
      },
    });
    ({ gateway } = deployment);
    workspace = deployment.work.sg;
  });

  afterAll(async () => {
    const dirs = [gateway?.home.dir, deployment?.sg.home.dir, deployment?.cn.home.dir];
    await deployment?.stop();
    for (const dir of dirs) if (dir !== undefined) expect(processesOf(dir)).toEqual([]);
  });

  const ask = async (agent: string, ...lines: string[]): Promise<readonly string[]> =>
    (await gateway.agent(agent, lines.join("\n"))).results;
  const work = (...lines: string[]): Promise<readonly string[]> => ask("worker-sg", ...lines);
  const exec = (command: string, more: JsonObject = {}): string => call("exec", { command, ...more });
  const on = (path: string): string => join(workspace, path);

  test("what write makes, exec reads on the node, edit changes, and the gateway has nothing of it", async () => {
    const results = await work(
      call("write", { path: "notes/a.txt", content: "one\ntwo\n" }),
      exec(`${PROBE}; cat notes/a.txt`),
      call("edit", { path: "notes/a.txt", edits: [{ oldText: "two", newText: "2" }] }),
      call("read", { path: "notes/a.txt" }),
    );
    expect(results[1]).toBe(`machine=mac-sg folder=${workspace}\none\ntwo\n\n${LINE}`);
    expect(results[3]).toContain("one\n2");
    expect(readFileSync(on("notes/a.txt"), "utf8")).toBe("one\n2\n");
  });
});
