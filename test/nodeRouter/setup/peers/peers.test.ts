// An invitation and its use: both configs and authorized_keys afterwards, and what each failure leaves behind.
import { existsSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readInviteLine } from "../../../../src/nodeRouter/delegation/invite/inviteLine.ts";
import { refusal } from "../../../../src/shared/refusal.ts";
import { HOST_KEY, inviteWorld } from "../../../support/delegation/inviteWorld.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function arrange(configs: Parameters<typeof inviteWorld>[0] = {}) {
  const made = await inviteWorld(configs);
  open.push(made.close);
  return made;
}

const peerKeys = (folder: string): readonly string[] => {
  const path = join(folder, "node-router", "peer-keys");
  return existsSync(path) ? readdirSync(path) : [];
};

describe("an invitation", () => {
  test("shows the config and the key that it would write, and neither a token nor a secret", async () => {
    const { look, b } = await arrange();
    const { lines, fact } = await look();
    expect(lines).toEqual([
      'plugins.entries.node-router.config.peers.gw-cn: {"accept":{"token":"(secret)","agents":["worker-sg"]}}',
      expect.stringMatching(
        /authorized_keys, one more: restrict,.*expiry-time="\d{14}" ssh-ed25519 \(a new key\)/,
      ),
    ]);
    expect(fact).toContain("sshd of claw@away-sg or mac-sg, until 2026-11-30T01:00:00.000Z");
    expect([b.keys(), b.written()]).toEqual([[], { gatewayName: "singapore" }]);
  });

  test("writes the token into the config alone: the line has other secrets", async () => {
    const { invite, b } = await arrange();
    const { line, expires } = await invite();
    const { token } = b.common.config().peers.get("gw-cn")?.accept ?? {};
    const read = readInviteLine(line);
    expect(JSON.stringify(read)).not.toContain(token);
    expect(read).toMatchObject({
      peer: "gw-cn",
      name: "singapore",
      agents: ["worker-sg"],
      ssh: { hostKey: HOST_KEY },
    });
    expect([b.keys().length, expires]).toEqual([1, "2026-11-30T01:00:00.000Z"]);
  });

  test("that nobody used is replaced by the next one, with what the operator set beside it", async () => {
    const { invite, joinElsewhere, b } = await arrange({ b: { nodes: {} } });
    const first = await invite();
    const config = b.written() as { peers: { "gw-cn": { accept: Record<string, unknown> } } };
    config.peers["gw-cn"].accept.maxRunning = 5;
    await invite({ agents: ["worker-sg", "master"] });
    expect(b.keys()).toHaveLength(1);
    expect(b.common.config().peers.get("gw-cn")?.accept).toMatchObject({
      agents: ["worker-sg", "master"],
      maxRunning: 5,
    });
    await expect(joinElsewhere(first.line)).rejects.toThrow("knows no such invitation");
  });

  test("whose key the own sshd does not let through leaves nothing behind, and says what to look at", async () => {
    const { invite, world, b } = await arrange();
    world.tryKey = refusal("PEER_UNREACHABLE", "its SSH server does not lead to 127.0.0.1:18789");
    await expect(invite()).rejects.toThrow(
      /^SETUP_FAILED: sshd on port 22 .* does not lead to .*AllowTcpForwarding/,
    );
    expect([b.keys(), b.written()]).toEqual([[], { gatewayName: "singapore" }]);
  });

  test("that fails in place of an unused one takes that one's traces too", async () => {
    const { invite, world, b } = await arrange();
    await invite();
    world.tryKey = refusal("PEER_UNREACHABLE", "no");
    await expect(invite()).rejects.toThrow();
    expect([b.keys(), b.written()]).toEqual([[], { gatewayName: "singapore" }]);
    world.tryKey = null;
    await invite();
    expect(b.keys()).toHaveLength(1);
  });

  test("whose config cannot be written leaves no key behind", async () => {
    const { invite, world, b } = await arrange();
    world.failWrite = true;
    await expect(invite()).rejects.toThrow("EROFS");
    expect(b.keys()).toEqual([]);
  });

  test("is taken back whole, and what was in the peer's entry before stays", async () => {
    const peer = { tags: ["region=cn"], url: "https://cn.example", token: "u".repeat(40) };
    const { invite, takeBack, b } = await arrange({ b: { peers: { "gw-cn": peer } } });
    await invite();
    expect(await takeBack()).toHaveLength(1);
    expect([b.keys(), b.written()]).toEqual([[], { gatewayName: "singapore", peers: { "gw-cn": peer } }]);
    expect(await takeBack()).toEqual([]);
  });

  test("does not touch what somebody has accepted by hand since, with a token of their own", async () => {
    const { invite, takeBack, b } = await arrange();
    await invite();
    const accept = { token: "h".repeat(43), agents: ["worker-sg"] };
    Object.assign(b.written(), { peers: { "gw-cn": { accept } } });
    await expect(invite()).rejects.toThrow('peer "gw-cn" is accepted here already');
    await takeBack();
    expect([b.written(), b.keys()]).toEqual([
      { gatewayName: "singapore", peers: { "gw-cn": { accept } } },
      [],
    ]);
  });

  test.each([
    ["an agent that nobody has", { agents: ["nobody"] }, /^AGENT_UNKNOWN: no agent "nobody"/],
    ["less than a minute", { forMs: 1_000 }, /at least 1 minute and at most 7 days/],
    ["a name that a node has", { peer: "mac-cn" }, /the config would be wrong: .*is the name of a node/],
    ["a host that is an option", { hosts: ["-oProxyCommand=x"] }, /must not begin with "-"/],
  ])("for %s is refused, and changes nothing", async (_what, wishes, words) => {
    const before = { gatewayName: "singapore", nodes: { "mac-cn": {} } };
    const { invite, b } = await arrange({ b: { nodes: { "mac-cn": {} } } });
    await expect(invite(wishes)).rejects.toThrow(words);
    expect([b.keys(), b.written()]).toEqual([[], before]);
  });
});

describe("a gateway that was invited", () => {
  test("is a peer afterwards: token, key, host key, country and rule on its side, its own key on the other", async () => {
    const { invite, join: ask, a, b, world } = await arrange();
    const { line } = await invite();
    const [before] = b.keys();
    await ask(line, { name: "gw-sg", country: "SG", tags: ["region=sg"], agents: ["master"] });
    const config = a.common.config();
    expect(config.problems).toEqual([]);
    expect(config.peers.get("gw-sg")).toMatchObject({
      way: { kind: "ssh", node: "gw-sg-ssh", port: 18_789 },
      token: b.common.config().peers.get("gw-cn")?.accept?.token,
      location: { country: "SG" },
    });
    const [keyFile = ""] = peerKeys(a.folder);
    expect(config.nodes.get("gw-sg-ssh")).toMatchObject({
      node: null,
      workspace: null,
      // Over SSH nothing but the peer is reached: its key runs no command.
      transport: "node",
      // The first of the line's hosts did not answer.
      ssh: {
        host: "mac-sg",
        user: "claw",
        hostKey: HOST_KEY,
        identityFile: join(a.folder, "node-router", "peer-keys", keyFile),
      },
      taints: [{ key: "peer", effect: "NoExecute" }],
    });
    expect(config.delegation.rules).toMatchObject([
      { name: "gw-sg", agents: ["master"], agent: "worker-sg" },
    ]);
    const [after = ""] = b.keys();
    expect([b.keys().length, after === before, after.includes("expiry-time"), world.asked]).toEqual([
      1,
      false,
      false,
      1,
    ]);
  });

  test("shows what it would write before anybody is asked, without the token", async () => {
    const { invite, lookAtJoin, a, world } = await arrange();
    const { line } = await invite();
    const { lines, fact } = await lookAtJoin(line, { country: "SG" });
    expect(fact).toContain(
      'gateway "singapore" at claw@away-sg:22 or claw@mac-sg:22 invites this one as "gw-cn" to ask "worker-sg"',
    );
    expect(lines.join("\n")).toContain('"token":"(secret)"');
    expect([world.asked, a.written(), peerKeys(a.folder)]).toEqual([0, { nodes: {} }, []]);
  });

  test("uses a node of its inventory as it is: no new key, and the line's key is out", async () => {
    const { invite, join: ask, a, b } = await arrange({ a: { nodes: { "mac-sg": { ssh: {} } } } });
    await ask((await invite()).line, { name: "gw-sg", ssh: "mac-sg" });
    expect([a.common.config().peers.get("gw-sg")?.way, b.keys()]).toEqual([
      { kind: "ssh", node: "mac-sg", port: 18_789 },
      [],
    ]);
    expect([...a.common.config().nodes.keys()]).toEqual(["mac-sg"]);
  });

  test("comes by a url where the line says one, and no key is made for it", async () => {
    const { invite, join: ask, a, b } = await arrange();
    const { line } = await invite({ url: "https://b.example" });
    expect(b.keys()).toEqual([]);
    await ask(line);
    expect(a.common.config().peers.get("singapore")?.way).toEqual({ kind: "url", url: "https://b.example" });
  });

  test("whose answer was lost asks again with the same key, and is let in once", async () => {
    const { invite, join: ask, a, b, world } = await arrange();
    const { line } = await invite();
    world.lost = 2;
    await ask(line);
    expect([world.asked, b.keys().length, a.common.config().peers.size]).toEqual([3, 1, 1]);
  });

  test("that gave up on a lost answer may come again by the line, and another gateway may not", async () => {
    const { invite, join: ask, joinElsewhere, a, world } = await arrange();
    const { line } = await invite();
    world.lost = 100;
    await expect(ask(line)).rejects.toThrow(
      /its answer was lost: .*Run the same command again until 2026-11-30T01:00/,
    );
    expect(a.written()).toEqual({ nodes: {} });
    world.lost = 0;
    await expect(joinElsewhere(line)).rejects.toThrow("another gateway has used the invitation");
    await ask(line);
    expect(a.common.config().peers.size).toBe(1);
  });

  test("whose key cannot be written over there is told so, and comes by the same line when that is mended", async () => {
    const { invite, join: ask, joinElsewhere, a, b } = await arrange();
    const { line } = await invite();
    const file = join(b.folder, ".ssh", "authorized_keys");
    renameSync(file, `${file}.real`);
    symlinkSync(`${file}.real`, file);
    await expect(ask(line)).rejects.toThrow(
      /does not know what became of that \(HTTP 500\).*Run the same command again/,
    );
    expect([a.written(), b.keys().length, b.keys()[0]?.includes("node-router-invite")]).toEqual([
      { nodes: {} },
      1,
      true,
    ]);
    renameSync(`${file}.real`, file);
    await expect(joinElsewhere(line)).rejects.toThrow("another gateway has used the invitation");
    await ask(line);
    expect([a.common.config().peers.size, b.keys()[0]?.includes("node-router-peer")]).toEqual([1, true]);
  });

  test("finds all there when it comes by the same line again, and asks nobody", async () => {
    const { invite, join: ask, lookAtJoin, world } = await arrange();
    const { line } = await invite();
    await ask(line);
    const { lines, fact } = await lookAtJoin(line);
    expect([lines, world.asked]).toEqual([[], 1]);
    expect(fact).toContain("it was accepted");
  });

  test("that reaches no host says each, and keeps nothing", async () => {
    const { invite, join: ask, a, world } = await arrange();
    world.hosts = [];
    await expect(ask((await invite()).line)).rejects.toThrow(
      /reached at away-sg; .*reached at mac-sg; nobody was asked/,
    );
    expect([a.written(), peerKeys(a.folder)]).toEqual([{ nodes: {} }, []]);
  });

  test("comes too late by the other gateway's clock, and by its own where that says so plainly", async () => {
    const { invite, join: ask, a, world } = await arrange();
    const { line } = await invite();
    world.nowMs += 3_600_000;
    await expect(ask(line)).rejects.toThrow(
      /says that the invitation has expired; .*peers invite "gw-cn" --agents worker-sg/,
    );
    world.nowMs += 3_600_000;
    await expect(ask(line)).rejects.toThrow("the invitation expired at 2026-11-30T01:00:00.000Z");
    expect([world.asked, peerKeys(a.folder), a.written()]).toEqual([1, [], { nodes: {} }]);
  });

  test("is told where the invitation was withdrawn", async () => {
    const { invite, takeBack, join: ask } = await arrange();
    const { line } = await invite();
    await takeBack();
    await expect(ask(line)).rejects.toThrow("it was withdrawn, or another gateway answers there");
  });

  test("that has the peer already is told so, and the line is not used up", async () => {
    const peers = { singapore: { url: "https://old.example", token: "o".repeat(40) } };
    const { invite, join: ask, world } = await arrange({ a: { nodes: {}, peers } });
    const { line } = await invite();
    await expect(ask(line)).rejects.toThrow('peer "singapore" has a token already');
    expect(world.asked).toBe(0);
    await ask(line, { name: "gw-sg" });
  });

  test("cannot be invited twice; taken out of the config it can, and its key of before goes", async () => {
    const { invite, join: ask, b } = await arrange();
    await ask((await invite()).line);
    await expect(invite()).rejects.toThrow('peer "gw-cn" is accepted here already');
    const [before] = b.keys();
    delete (b.written() as { peers?: unknown }).peers;
    await invite();
    expect(b.keys()).toHaveLength(1);
    expect(b.keys()).not.toContain(before);
  });
});
