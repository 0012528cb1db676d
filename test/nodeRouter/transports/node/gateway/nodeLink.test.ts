// What a node's hello says of it: it is here, it has no plugin that we can talk to, or nobody knows.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { HelloResult } from "../../../../../src/nodeRouter/transports/nodeTransport.ts";
import { refusalText } from "../../../../../src/shared/refusal.ts";
import { hostError } from "../../../../support/node/simNodeNet.ts";
import { arranged, fakeTime, NODE, pass } from "./arrange.ts";

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

async function helloOf(there: ReturnType<typeof arranged>): Promise<HelloResult> {
  const hello = there.transport.hello(NODE, 2_500);
  await pass(6_000);
  return hello;
}

function said(result: HelloResult): readonly [string, string] {
  return [result.kind, result.kind === "here" ? "" : refusalText(result)];
}

test("a node with the plugin tells of its machine, and how long the answer took", async () => {
  const result = await helloOf(arranged());
  expect(result).toMatchObject({ kind: "here", rttMs: 70, hello: { platform: "linux", load1: 0 } });
});

test("each question is asked anew: load and round trip change", async () => {
  const there = arranged();
  await helloOf(there);
  there.host.hello = { load1: 3 };
  expect(await helloOf(there)).toMatchObject({ hello: { load1: 3 } });
});

test.each([
  ["8.8.8.8", "8.8.8.8"],
  ["10.0.0.1", null],
  ["8.8.8.8 and more", null],
  [null, null],
])("a node that names %j as its public address has %j", async (address, known) => {
  const there = arranged();
  there.host.address = address;
  const asked = there.transport.publicAddress(NODE, "https://ip.example/");
  await pass(3_000);
  expect(await asked).toBe(known);
});

test("an older plugin, which knows no such question, leaves it unknown", async () => {
  const there = arranged();
  there.host.handle = async () => ({ kind: "refused", boot: "b", why: "request", fact: "no" });
  const asked = there.transport.publicAddress(NODE, "https://ip.example/");
  await pass(3_000);
  expect(await asked).toBeNull();
});

describe("no plugin that this one can talk to", () => {
  test("it does not offer the command: the three commands that put it there", async () => {
    const there = arranged();
    there.net.invoke = async () => {
      throw hostError("no", { reason: "command not declared by node", command: "x" });
    };
    expect(said(await helloOf(there))).toEqual([
      "none",
      'WORKSPACE_UNAVAILABLE: node "mac-sg" is paired, and does not offer what a workspace needs: node-router is not installed there, or the gateway has not approved what it brought; nothing ran. To put it there, run "openclaw plugins install openclaw-node-router" on the node, restart its node host, then "openclaw nodes approve <id>" on the gateway, with the id that "openclaw nodes pending" shows.',
    ]);
  });

  test("the operator's config forbids the command", async () => {
    const there = arranged();
    there.net.invoke = async () => {
      throw hostError("it is blocked by gateway.nodes.commands.deny", { reason: "command not allowlisted" });
    };
    const [kind, text] = said(await helloOf(there));
    expect([kind, text]).toEqual(["none", expect.stringContaining("gateway.nodes.commands.deny")]);
  });

  test.each([
    [0, "older", 'Run "openclaw plugins update node-router" on the node and restart its node host.'],
    [2, "newer", 'Run "openclaw plugins update node-router" on the gateway.'],
  ])("protocol %i is the %s one", async (protocol, which, advice) => {
    const there = arranged();
    there.host.hello = { protocol };
    const [kind, text] = said(await helloOf(there));
    expect(kind).toBe("none");
    expect(text).toContain(`the node's is the ${which} one`);
    expect(text.endsWith(advice)).toBe(true);
  });

  test("it answers something else", async () => {
    const there = arranged();
    there.net.invoke = async () => ({ ok: true, payload: "hello" });
    expect(said(await helloOf(there))[0]).toBe("none");
  });
});

describe("nobody knows", () => {
  test("it is not connected", async () => {
    const there = arranged();
    there.net.disconnect();
    expect(said(await helloOf(there))).toEqual(["unknown", expect.stringMatching(/^NODE_UNREACHABLE: /)]);
  });

  test("it does not answer in time", async () => {
    const there = arranged();
    there.net.cut();
    const [kind, text] = said(await helloOf(there));
    expect([kind, text]).toEqual([
      "unknown",
      'NODE_UNREACHABLE: node "mac-sg" did not answer: TIMEOUT: node invoke timed out; nothing ran. Trying again is safe.',
    ]);
  });

  test("the host itself gives no answer: that ends, too", async () => {
    const there = arranged();
    there.net.invoke = () => new Promise(() => {});
    expect(said(await helloOf(there))[0]).toBe("unknown");
  });
});

test("of many commands that meet an unknown node one asks who answers there", async () => {
  const there = arranged();
  for (let at = 0; at < 8; at += 1) there.start();
  await pass(500);
  expect(there.host.requests.filter(({ op }) => op === "hello")).toHaveLength(1);
});
