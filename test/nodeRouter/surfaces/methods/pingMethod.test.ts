// `ping`: every way to a node is asked at once, and each answers or says why not.
import { describe, expect, test } from "vitest";
import { ping } from "../../../../src/nodeRouter/surfaces/methods/pingMethod.ts";
import { WORKSPACE_COMMAND } from "../../../../src/nodeRouter/transports/node/wire.ts";
import {
  type HelloResult,
  NODE_TRANSPORT,
  type NodeTransport,
} from "../../../../src/nodeRouter/transports/nodeTransport.ts";
import {
  type PingResult,
  SSH_TRANSPORT,
  type SshTransport,
} from "../../../../src/nodeRouter/transports/transport.ts";
import { refusal } from "../../../../src/shared/refusal.ts";
import { fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

const HERE: HelloResult = { kind: "here", hello: {} as never, rttMs: 12 };

function arrange(ssh: PingResult = { kind: "up", rttMs: 3 }, hello: HelloResult = HERE) {
  const deps = fakeDeps({
    config: { nodes: { "mac-sg": { ssh: {} }, "mac-cn": {}, away: { node: false } } },
  });
  const commands = ["system.run", "system.which", WORKSPACE_COMMAND];
  deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { commands }), hostEntry("mac-cn", "c0".repeat(32))] };
  const asked: unknown[] = [];
  const over: Pick<SshTransport, "ping"> = {
    ping: async (node, _timeoutMs, options) => {
      asked.push([node, options]);
      return ssh;
    },
  };
  const plugin: Pick<NodeTransport, "hello"> = { hello: async () => hello };
  deps.memory.part(SSH_TRANSPORT).current = over as SshTransport;
  deps.memory.part(NODE_TRANSPORT).current = plugin as NodeTransport;
  const of = (node: unknown, invoke: () => Promise<unknown> = async () => ({})) =>
    ping(deps, invoke, { node });
  return { deps, asked, of };
}

test("each way has its own time: the node host, the plugin in it, and the kept SSH connection", async () => {
  const { asked, of } = arrange();
  const { node, ways } = await of("mac-sg");
  expect(node).toBe("mac-sg");
  expect(ways).toEqual([
    { way: "node", ok: true, rttMs: expect.any(Number), reason: null },
    { way: "plugin", ok: true, rttMs: 12, reason: null },
    { way: "ssh", ok: true, rttMs: 3, reason: null },
  ]);
  // Who asks wants to know, so a connection is made where there is none.
  expect(asked).toEqual([["mac-sg", { connect: true }]]);
});

describe("a way that does not answer", () => {
  test.each([
    [{ kind: "silent" }, "no answer within 5 s"],
    [{ kind: "down", reason: "refused" }, "refused"],
    [{ kind: "unknown", reason: "HOST_KEY_UNKNOWN: x" }, "HOST_KEY_UNKNOWN: x"],
  ] as const)("over SSH, %j, says so and takes nothing from the others", async (said, reason) => {
    const { ways } = await arrange(said).of("mac-sg");
    expect(ways.at(-1)).toEqual({ way: "ssh", ok: false, rttMs: null, reason });
    expect(ways.slice(0, 2).every(({ ok }) => ok)).toBe(true);
  });

  test("over the node protocol says what the host said, and the plugin its own refusal", async () => {
    const none: HelloResult = {
      kind: "none",
      ...refusal("NODE_UNREACHABLE", "it has no plugin", { advice: null }),
    };
    const { of } = arrange(undefined, none);
    const { ways } = await of("mac-sg", () => Promise.reject(new Error("TIMEOUT: node invoke timed out")));
    expect(ways).toMatchObject([
      { way: "node", ok: false, rttMs: null, reason: "TIMEOUT: node invoke timed out" },
      { way: "plugin", ok: false, reason: "it has no plugin" },
      { way: "ssh", ok: true },
    ]);
  });

  test("an answer that says nothing of its time is one", async () => {
    const { ways } = await arrange({ kind: "up", rttMs: null }).of("mac-sg");
    expect(ways.at(-1)).toEqual({ way: "ssh", ok: true, rttMs: null, reason: null });
  });
});

test.each([
  [undefined, "ping needs a node"],
  ["mac-gs", 'no node "mac-gs" is known; did you mean "mac-sg"?'],
  ["mac-cn", 'node "mac-cn" is not connected, and has no SSH settings'],
])("of %j it is the caller's mistake", async (node, message) => {
  await expect(arrange().of(node)).rejects.toThrow(message);
});
