// The hook behind the prompt line: for agents with a workspace on a node only, and never in the way.
import { expect, test } from "vitest";
import { createPromptLine } from "../../src/hooks/promptLine.ts";
import { SSH_TRANSPORT, type SshTransport } from "../../src/nodeRouter/transports/transport.ts";
import { contextOf, type FakeOptions, fakeDeps, SSH_CONFIG, workspaceOptions } from "../support/fakeDeps.ts";

const INFO = { os: "Linux", arch: "x86_64", shell: "/bin/dash", home: "/home/claw", hostname: "sg" };

function arranged(options: FakeOptions = workspaceOptions()) {
  const deps = fakeDeps(options);
  const hook = createPromptLine(deps);
  return {
    deps,
    line: async (agent = "worker-sg") => (await hook({}, contextOf(agent)))?.appendSystemContext,
  };
}

test("the line goes to the end of the system prompt of an agent with a workspace on a node", async () => {
  const { line } = arranged();
  expect(await line()).toContain('on node "mac-sg" (SG, declared) over SSH');
  expect(await line("worker-cn")).toBe(undefined);
  expect(await line("master")).toBe(undefined);
});

test("what the open connection knows is in it", async () => {
  const { deps, line } = arranged();
  const transport = { info: (node: string) => (node === "mac-sg" ? INFO : null) };
  // The line asks the transport for nothing else.
  deps.memory.part(SSH_TRANSPORT).current = transport as unknown as SshTransport;
  expect(await line()).toContain("Linux x86_64, login shell /bin/dash");
});

test.each([
  ["no node fits", { ...workspaceOptions(), config: { ...SSH_CONFIG, nodes: {} } }],
  ["there is no config", { ...workspaceOptions(), config: null }],
])("a prompt is left alone when %s", async (_case, options) => {
  expect(await arranged(options).line()).toBe(undefined);
});

test("a fault leaves the prompt alone, too", async () => {
  const { deps } = arranged();
  const hook = createPromptLine({
    ...deps,
    hostConfig: () => {
      throw new Error("gone");
    },
  });
  expect(await hook({}, contextOf("worker-sg"))).toBe(undefined);
});
