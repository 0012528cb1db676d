// Persona files of agents whose workspace is on a node: what stands in the model's request, on a real gateway and sshd.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { processesOf } from "../support/leftovers.ts";
import { textOf } from "../support/modelScript.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, withRouter } from "./deployment.ts";
import { SANDBOX, type SshDeployment, type SshNode, startSshDeployment } from "./sshDeployment.ts";

describe.skipIf(skipWithoutSshd("test/e2e/persona"))("persona files", () => {
  let deployment: SshDeployment;
  let gateway: Gateway;
  let sg: SshNode;
  let cn: SshNode;

  beforeAll(async () => {
    deployment = await startSshDeployment({
      config: {
        hooks: {
          internal: {
            enabled: true,
            entries: { "bootstrap-extra-files": { enabled: true, paths: ["projects/*/AGENTS.md"] } },
          },
        },
        agents: {
          entries: { "worker-cn": { sandbox: SANDBOX }, mover: { name: "Mover", sandbox: SANDBOX } },
        },
      },
      entry: (home) => ({ pathPrepend: [join(home, "bin")] }),
      router: async (router, start) => {
        cn = await start("mac-cn", "cn");
        return merge(router, { nodes: { [cn.name]: cn.entry }, rules: rulesFor("sg") });
      },
    });
    ({ gateway, node: sg } = deployment);
    for (const node of [sg, cn]) mkdirSync(node.workspace, { recursive: true });
    countReads(sg);
    put(sg, "AGENTS.md", "agents of sg\n");
    put(sg, "MEMORY.md", "memory of sg\n");
    put(cn, "AGENTS.md", "agents of cn\n");
    mkdirSync(join(sg.workspace, "projects/one"), { recursive: true });
    put(sg, "projects/one/AGENTS.md", "agents of a project on sg\n");
    for (const agent of ["worker-sg", "worker-cn", "mover", "master"]) {
      mkdirSync(folderOf(agent), { recursive: true });
      writeFileSync(join(folderOf(agent), "AGENTS.md"), `agents of the gateway for ${agent}\n`);
      writeFileSync(join(folderOf(agent), "MEMORY.md"), `memory of the gateway for ${agent}\n`);
    }
  });

  afterAll(async () => {
    const dir = gateway?.home.dir;
    await deployment?.stop();
    if (dir !== undefined) await waitFor("nothing to be left", () => processesOf(dir).length === 0);
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

  /** Every content that is read on the node leaves a line in `reads`. */
  const countReads = ({ home }: SshNode): void => {
    mkdirSync(join(home, "bin"));
    const shim = `#!/bin/sh\necho read >>${join(home, "reads")}\nPATH=/usr/bin:/bin exec dd "$@"\n`;
    writeFileSync(join(home, "bin/dd"), shim, { mode: 0o755 });
  };
  const readsOf = ({ home }: SshNode): number =>
    readFileSync(join(home, "reads"), "utf8").trim().split("\n").length;

  test("are the node's in the prompt, and nothing of the gateway's copy is", async () => {
    const prompt = await ask("worker-sg");
    expect(prompt).toContain("agents of sg");
    expect(prompt).toContain("memory of sg");
    // OpenClaw's hook bootstrap-extra-files looked for it there.
    expect(prompt).toContain("agents of a project on sg");
    expect(prompt).not.toContain("of the gateway for");
    expect(prompt).not.toContain("UNREADABLE");
  });

  test("of two agents at the same time are each those of its own node", async () => {
    const prompts = await Promise.all(
      ["worker-sg", "worker-cn", "worker-sg", "worker-cn"].map((id) => ask(id)),
    );
    expect(prompts.map((text) => /agents of (sg|cn)/.exec(text)?.[1])).toEqual(["sg", "cn", "sg", "cn"]);
    for (const at of [1, 3]) expect(prompts[at]).not.toContain("memory of");
  });

  test("of an agent without a workspace on a node stay the gateway's", async () => {
    const prompt = await ask("master");
    expect(prompt).toContain("agents of the gateway for master");
    expect(prompt).toContain("memory of the gateway for master");
  });

  test("are read once a turn, and what a tool changed on the node is in the next prompt", async () => {
    const sessionKey = "agent:worker-sg:keeps-notes";
    await ask("worker-sg", "hello", sessionKey);
    put(sg, "SOUL.md", "soul of sg\n");
    // AGENTS.md, SOUL.md, MEMORY.md and that of the project. A gateway that stands still in the middle reads them anew.
    await waitFor("a turn of two questions that reads the four once", async () => {
      const before = readsOf(sg);
      await ask("worker-sg", call("exec", { command: "true" }), sessionKey);
      return readsOf(sg) - before === 4;
    });
    const script = call("exec", { command: "echo 'a new note' >>MEMORY.md" });
    const first = await ask("worker-sg", script, sessionKey);
    expect(first).not.toContain("a new note\n");
    expect(await ask("worker-sg", "hello", sessionKey)).toContain("memory of sg\na new note");
  });

  test("are the node's in the dashboard too: listed, read, and written with what was read as the condition", async () => {
    const file = (name: string): Promise<{ file: { content?: string; hash?: string; missing: boolean } }> =>
      gateway.rpc("agents.files.get", { agentId: "worker-sg", name });
    const { files } = await gateway.rpc<{ files: { name: string; missing: boolean }[] }>(
      "agents.files.list",
      {
        agentId: "worker-sg",
      },
    );
    expect(files.filter(({ missing }) => !missing).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["AGENTS.md", "SOUL.md"]),
    );
    expect((await file("IDENTITY.md")).file.missing).toBe(true);
    const { file: agents } = await file("AGENTS.md");
    expect(agents.content).toBe("agents of sg\n");
    const set = (content: string, expectedHash = ""): Promise<unknown> =>
      gateway.rpc("agents.files.set", {
        agentId: "worker-sg",
        name: "AGENTS.md",
        content,
        ...(expectedHash === "" ? {} : { expectedHash }),
      });
    await set("agents of sg, by the dashboard\n", agents.hash);
    expect(readFileSync(join(sg.workspace, "AGENTS.md"), "utf8")).toBe("agents of sg, by the dashboard\n");
    expect(readFileSync(join(folderOf("worker-sg"), "AGENTS.md"), "utf8")).toContain("of the gateway");
    await expect(set("lost\n", agents.hash)).rejects.toThrow(/changed since it was read/);
    expect(readFileSync(join(sg.workspace, "AGENTS.md"), "utf8")).toContain("by the dashboard");
  });

  test("stay the node's after a reload of the plugin, and go where the session goes", async () => {
    const sessionKey = "agent:mover:stays";
    expect(await ask("mover", "hello", sessionKey)).toContain("agents of sg");
    await changeConfig(gateway, (config) =>
      withRouter(config, merge(deployment.router, { rules: rulesFor("cn") })),
    );
    const moved = await ask("mover", "hello", sessionKey);
    expect(moved).toContain("agents of cn");
    expect(await ask("worker-sg")).toContain("agents of sg");
  });

  test("of a session that stays where it was are those of its own node, while a new one has another", async () => {
    const either = (first: string): JsonObject[] => [
      ...rulesFor("sg").slice(0, 2),
      {
        name: "either",
        agents: ["mover"],
        require: "region in (sg,cn)",
        prefer: [{ selector: `region=${first}`, weight: 100 }],
      },
    ];
    const use = (rules: JsonObject[]): Promise<void> =>
      changeConfig(gateway, (config) => withRouter(config, merge(deployment.router, { rules })));
    await use(either("sg"));
    const old = "agent:mover:old";
    expect(await ask("mover", "hello", old)).toContain("agents of sg");
    await use(either("cn"));
    const young = "agent:mover:young";
    for (let round = 0; round < 3; round++) {
      const [first, second] = await Promise.all([ask("mover", "hello", old), ask("mover", "hello", young)]);
      expect(first).toContain("agents of sg");
      expect(second).toContain("agents of cn");
    }
  });

  test("of a node that is away cannot be read: the prompt says so and why, and holds nothing of the gateway's copy", async () => {
    const old = "agent:worker-sg:old";
    await ask("worker-sg", "hello", old);
    await sg.sshd.stop();
    const prompts = [await ask("worker-sg", "hello", old), await ask("worker-sg")];
    expect(prompts[0]).toMatch(/\[UNREADABLE: NODE_UNREACHABLE: .*mac-sg/);
    expect(prompts[1]).toMatch(/\[UNREADABLE: [A-Z_]+: /);
    for (const prompt of prompts) {
      expect(prompt).not.toContain("of the gateway for");
      expect(prompt).not.toContain("of sg");
    }
    await expect(
      gateway.rpc("agents.files.get", { agentId: "worker-sg", name: "AGENTS.md" }),
    ).rejects.toThrow(/NODE_UNREACHABLE|NO_NODE_FITS/);
    await sg.startAgain();
    await waitFor("the node to be back", async () => (await ask("worker-sg")).includes("agents of sg"));
  });

  test("that the node never sends hold a turn up for seconds, not for ever, and it goes on with words in their place", async () => {
    writeFileSync(join(sg.home, "bin/dd"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    const beganMs = performance.now();
    const prompt = await ask("worker-sg");
    expect(performance.now() - beganMs).toBeLessThan(150_000);
    expect(prompt).toMatch(/\[UNREADABLE: [A-Z_]+: read of /);
    expect(prompt).not.toContain("of the gateway for");
  });
});
