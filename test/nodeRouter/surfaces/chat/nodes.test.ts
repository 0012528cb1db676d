// The slash command `/nodes`: a few lines, what is wrong first, for whom the host lets give commands.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { describe, expect, test } from "vitest";
import {
  type KnownPeer,
  PEERS,
  type PeerWatch,
  UNKNOWN_PEER,
} from "../../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { answerNodes, registerSlashCommands } from "../../../../src/nodeRouter/surfaces/chat/register.ts";
import { PRESENCE } from "../../../../src/presence/presence.ts";
import { fakeDeps, hostEntry, START_MS } from "../../../support/fakeDeps.ts";
import { makePlace } from "../../../support/makePresence.ts";
import { fakePresence, offlineRecord, recordOf } from "../reports/arrange.ts";

const HOST = { agents: { entries: { "worker-sg": {}, "worker-cn": {} } } };

function arrange(records = [recordOf("mac-sg"), offlineRecord("mac-cn")]) {
  const deps = fakeDeps({ hostConfig: HOST });
  deps.memory.part(PRESENCE).current = fakePresence(records);
  return deps;
}

describe("/nodes", () => {
  test("says how many are in which state, then a line a node, with what is wrong first", async () => {
    expect(await answerNodes(arrange())).toBe(
      `2 nodes: 1 ready, 1 offline
mac-cn · offline for 2h · CN (declared) · it does not answer over the node protocol
mac-sg · ready · SG Singapore (declared) · 71 ms · worker-sg`,
    );
  });

  test("names the peers that are away in one line, with since when; none that answers or that nobody asked", async () => {
    const deps = arrange();
    let known: readonly (readonly [string, Partial<KnownPeer>])[] = [
      ["gw-sg", { online: false, sinceMs: START_MS - 240_000 }],
      ["gw-cn", { online: true }],
      ["gw-us", { online: null }],
      ["gw hk\n", { online: false }],
    ];
    // Only what the answer asks of it.
    const watch: unknown = {
      known: () => new Map(known.map(([name, peer]) => [name, { ...UNKNOWN_PEER, ...peer }])),
    };
    deps.memory.part(PEERS).current = watch as PeerWatch;
    const lines = async () => (await answerNodes(deps)).split("\n").slice(3);
    expect(await lines()).toEqual([String.raw`peers away: gw-sg for 4m, "gw hk\u000a"`]);
    known = known.slice(1, 3);
    expect(await lines()).toEqual([]);
    known = Array.from({ length: 99 }, (_, n) => [`gw-${n}`, { online: false }] as const);
    expect((await lines())[0]).toMatch(/^peers away: .{150,187}…$/);
  });

  test("names whose data a place is from, where one is from the GeoIP file, and nobody else", async () => {
    const inferred = { ...recordOf("mac-sg"), location: makePlace() };
    const deps = fakeDeps({ config: {}, hostConfig: {} });
    deps.nodes = { nodes: [hostEntry("mac-sg", "1".repeat(64))] };
    const credit = "IP Geolocation by DB-IP";
    deps.memory.part(PRESENCE).current = { ...fakePresence([inferred]), attributions: () => [credit] };
    expect((await answerNodes(deps)).split("\n").at(-1)).toBe(credit);
    deps.memory.part(PRESENCE).current = {
      ...fakePresence([recordOf("mac-sg")]),
      attributions: () => [credit],
    };
    expect(await answerNodes(deps)).not.toContain(credit);
  });

  test("shows twelve nodes at most, never hides one that is not ready, and counts the others", async () => {
    const deps = fakeDeps({ config: {}, hostConfig: {} });
    const names = Array.from({ length: 20 }, (_, n) => `node-${String(n).padStart(2, "0")}`);
    deps.nodes = { nodes: names.map((name, n) => hostEntry(name, String(n + 10).repeat(32))) };
    deps.memory.part(PRESENCE).current = fakePresence(
      names.map((name) => (name === "node-19" ? offlineRecord(name) : recordOf(name))),
    );
    const lines = (await answerNodes(deps)).split("\n");
    expect(lines[0]).toBe("20 nodes: 19 ready, 1 offline");
    expect(lines[1]).toMatch(/^node-19 · offline/);
    expect(lines).toHaveLength(14);
    expect(lines.at(-1)).toBe("… and 8 more");
  });

  test("a sender who may not list nodes gets what was read last, with its age", async () => {
    const deps = arrange();
    await answerNodes(deps);
    deps.nodes = new Error("missing scope: operator.read");
    deps.clockMs = START_MS + 120_000;
    const answer = await answerNodes(deps);
    expect(answer).toContain("mac-sg · ready");
    expect(answer).toMatch(/\n\(the gateway's node list is 2m old\)$/);
  });

  test("with a list that was never read it says so, and calls no node offline", async () => {
    const deps = fakeDeps();
    deps.nodes = new Error("missing scope");
    const answer = await answerNodes(deps);
    expect(answer).toBe("no nodes\n(the gateway's node list has never been read)");
  });

  test("names from outside cannot break its lines, and long ones are cut", async () => {
    const deps = fakeDeps({ config: {} });
    deps.nodes = {
      nodes: [
        hostEntry("evil\u001b[2J\u202e\nname", "1".repeat(64)),
        hostEntry("n".repeat(500), "2".repeat(64)),
      ],
    };
    const answer = await answerNodes(deps);
    expect(answer.split("\n")).toHaveLength(3);
    // What is no name is not shown at all: the node goes by its id.
    expect(answer).toContain(`${"1".repeat(64)} · ready`);
    expect(answer).not.toContain("evil");
    expect(Math.max(...answer.split("\n").map((line) => line.length))).toBeLessThanOrEqual(200);
  });

  test("what a server says calls nobody, links nowhere and orders OpenClaw nothing", async () => {
    const reason = "@everyone <!channel> [x](https://a.example) [[reply_to:1]] `id`";
    const answer = await answerNodes(arrange([recordOf("mac-sg"), offlineRecord("mac-cn", { reason })]));
    expect(answer.split("\n")).toHaveLength(3);
    expect(["@", "<", ">", "](", "[[", "]]", "`"].filter((one) => answer.includes(one))).toEqual([]);
    expect(answer).toContain("＠everyone ‹!channel›");
  });

  test("without a config it says so; a fault of the host is an answer too", async () => {
    expect(await answerNodes(fakeDeps({ config: null }))).toBe("node-router is not configured.");
    const deps = {
      ...arrange(),
      hostConfig: () => {
        throw new Error("config\u001b[2J is gone");
      },
    };
    expect(await answerNodes(deps)).toBe("node-router could not tell: config\\u001b[2J is gone");
  });
});

test("it is registered once, for senders with a right to give commands, and answers with text", async () => {
  type Command = Parameters<OpenClawPluginApi["registerCommand"]>[0];
  const commands: Command[] = [];
  const api = { registerCommand: (command: Command) => void commands.push(command) };
  registerSlashCommands(api as unknown as OpenClawPluginApi, arrange());
  expect(commands.map(({ name, requireAuth, acceptsArgs }) => [name, requireAuth, acceptsArgs])).toEqual([
    ["nodes", true, undefined],
    ["cordon", true, true],
    ["uncordon", true, true],
    ["drain", true, true],
  ]);
  const [command] = commands;
  expect(await command?.handler({} as Parameters<Command["handler"]>[0])).toEqual({
    text: expect.stringMatching(/^2 nodes: /),
  });
});

test.each([
  [undefined, true],
  [["operator.read"], true],
  [["operator.write"], true],
  [["operator.admin"], true],
  [["operator.approvals"], false],
  [["operator.pairing", "operator.readers"], false],
  [[], false],
])("asked with the scopes %j, it shows nodes: %j", async (gatewayClientScopes, shows) => {
  type Command = Parameters<OpenClawPluginApi["registerCommand"]>[0];
  const commands: Command[] = [];
  const api = { registerCommand: (command: Command) => void commands.push(command) };
  registerSlashCommands(api as unknown as OpenClawPluginApi, arrange());
  const call = { gatewayClientScopes } as Parameters<Command["handler"]>[0];
  const answer = await commands[0]?.handler(call);
  expect(answer?.text).toMatch(shows ? /^2 nodes: / : /^\/nodes needs the scope operator\.read/);
});
