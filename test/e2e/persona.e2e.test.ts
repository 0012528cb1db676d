// Persona files of agents whose workspace is on a node: what stands in the model's request, on a real gateway and sshd.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { processesOf } from "../support/leftovers.ts";
import { textOf } from "../support/modelScript.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig } from "./deployment.ts";
import { SANDBOX, type SshDeployment, type SshNode, startSshDeployment } from "./sshDeployment.ts";

describe.skipIf(skipWithoutSshd("test/e2e/persona"))("persona files", () => {
  let deployment: SshDeployment;
  let gateway: Gateway;
  let sg: SshNode;
  let cn: SshNode;

  beforeAll(async () => {
    deployment = await startSshDeployment({
      config: {
        agents: {
          entries: { "worker-cn": { sandbox: SANDBOX }, mover: { name: "Mover", sandbox: SANDBOX } },
        },
      },
      router: async (router, start) => {
        cn = await start("mac-cn", "cn");
        return merge(router, { nodes: { [cn.name]: cn.entry }, rules: rulesFor("sg") });
      },
    });
    ({ gateway, node: sg } = deployment);
    for (const node of [sg, cn]) mkdirSync(node.workspace, { recursive: true });
    put(sg, "AGENTS.md", "agents of sg\n");
    put(sg, "MEMORY.md", "memory of sg\n");
    put(cn, "AGENTS.md", "agents of cn\n");
    for (const agent of ["worker-sg", "worker-cn", "mover", "master"]) {
      mkdirSync(folderOf(agent), { recursive: true });
      writeFileSync(join(folderOf(agent), "AGENTS.md"), `agents of the gateway for ${agent}\n`);
      writeFileSync(join(folderOf(agent), "MEMORY.md"), `memory of the gateway for ${agent}\n`);
    }
  });

  afterAll(async () => {
    const dir = gateway?.home.dir;
    await deployment?.stop();
    if (dir !== undefined) expect(processesOf(dir)).toEqual([]);
  });

  const rulesFor = (moverRegion: string): JsonObject[] => [
    { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
    { name: "china", agents: ["worker-cn"], require: "region=cn" },
    { name: "moving", agents: ["mover"], require: `region=${moverRegion}` },
  ];
  const folderOf = (agent: string): string => join(gateway.home.home, `workspace-${agent}`);
  const put = (node: SshNode, name: string, text: string): void =>
    writeFileSync(join(node.workspace, name), text);

  /** What the model was asked last in this session. */
  const promptOf = (sessionKey: string): string => {
    const request = gateway.model.requests.findLast(({ session }) => session === sessionKey);
    if (request === undefined) throw new Error(`the model was not asked in ${sessionKey}`);
    return request.messages.map(textOf).join("\n");
  };
  const ask = async (agent: string, script = "hello", sessionKey?: string): Promise<string> => {
    const run = await gateway.agent(agent, script, sessionKey === undefined ? {} : { sessionKey });
    return promptOf(run.sessionKey);
  };

  test("are the node's in the prompt, and nothing of the gateway's copy is", async () => {
    const prompt = await ask("worker-sg");
    expect(prompt).toContain("agents of sg");
    expect(prompt).toContain("memory of sg");
    expect(prompt).not.toContain("of the gateway for");
  });
});
