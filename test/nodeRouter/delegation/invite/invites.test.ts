// An invitation's line, its key, and that it counts once: whoever used it may ask again, and nobody else.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Check } from "@sinclair/typebox/value";
import fc from "fast-check";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import {
  acceptJoin,
  inviteMark,
  JoinAnswerSchema,
} from "../../../../src/nodeRouter/delegation/invite/acceptJoin.ts";
import { grantKey } from "../../../../src/nodeRouter/delegation/invite/authorizedKeys.ts";
import {
  inviteBook,
  SECRET_PREFIX,
  secretHash,
} from "../../../../src/nodeRouter/delegation/invite/inviteBook.ts";
import {
  type InviteLine,
  readInviteLine,
  writeInviteLine,
} from "../../../../src/nodeRouter/delegation/invite/inviteLine.ts";
import { keyPairOf, newSeed, seedOf } from "../../../../src/nodeRouter/delegation/invite/keyPair.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "node-router-invite-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = "t".repeat(43);
const SECRET = `${SECRET_PREFIX}${newSeed()}`;
const LINE: InviteLine = {
  id: "0123456789abcdef",
  gateway: "gw-b",
  name: "singapore",
  peer: "gw-cn",
  agents: ["worker-sg"],
  expiresAtMs: 1_000,
  secret: SECRET,
  ssh: {
    hosts: ["mac-sg"],
    port: 22,
    user: "claw",
    hostKey: `SHA256:${"A".repeat(43)}`,
    seed: newSeed(),
    gatewayPort: 18_789,
  },
};

describe("a line", () => {
  const name = fc.stringMatching(/^[a-z][\w.-]{0,40}$/);
  const lines = fc.record({
    name,
    peer: name,
    agents: fc.array(name, { minLength: 1, maxLength: 5 }),
    expiresAtMs: fc.nat(),
  });

  test("is read as it was written, also where a terminal broke it", () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 80 }), (some, width) => {
        const line = { ...LINE, ...some };
        const text = writeInviteLine(line);
        expect(text).toMatch(/^nrpeer1\.[\w-]+$/);
        expect(readInviteLine(text)).toEqual(line);
        expect(
          readInviteLine(` ${(text.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\n")}\n`),
        ).toEqual(line);
      }),
    );
  });

  test("that was cut, changed in shape or is of another version is none, and no part of it is repeated", () => {
    const text = writeInviteLine(LINE);
    expect(readInviteLine(text.slice(0, -9))).toBe("is damaged: copy it whole");
    expect(readInviteLine(text.replace("nrpeer1", "nrpeer2"))).toContain("another version");
    expect(readInviteLine("hello")).toContain("is no invitation");
    expect(readInviteLine(`nrpeer1.${"A".repeat(9_000)}`)).toContain("is damaged");
    expect(readInviteLine(writeInviteLine({ ...LINE, url: "https://b.example" }))).toContain("is damaged");
  });

  test.each([["-oProxyCommand=x"], ["a b"], ["root@other"]])("with host %s is not believed", (host) => {
    const ssh = LINE.ssh === undefined ? {} : { ssh: { ...LINE.ssh, hosts: [host] } };
    expect(readInviteLine(writeInviteLine({ ...LINE, ...ssh }))).toBe("names what no gateway is named");
  });

  const { ssh: _, ...WITHOUT_SSH } = LINE;
  const variable = `\${OPENAI_API_KEY}`;
  test.each([
    ["name", { ...LINE, name: variable }],
    ["agent", { ...LINE, agents: ["worker-sg", `a${variable}`] }],
    ["address", { ...WITHOUT_SSH, url: `https://${variable}.example` }],
  ])(
    "with a variable of this gateway's environment as %s is not believed, for it goes into the config",
    (_what, line) => {
      expect(readInviteLine(writeInviteLine(line))).toBe("names what no gateway is named");
    },
  );

  test("with an address that only looks like one is believed", () => {
    const line = { ...WITHOUT_SSH, url: "https://b.example/$HOME" };
    expect(readInviteLine(writeInviteLine(line))).toEqual(line);
  });

  test("gives a token as it makes them, and nothing that OpenClaw would replace in a config", () => {
    const answer = { gateway: "gw-b", name: "b", agents: [] };
    expect(Check(JoinAnswerSchema, { ...answer, token: TOKEN })).toBe(true);
    for (const token of [`${variable}-${"0".repeat(25)}`, "t".repeat(44), `${"t".repeat(42)}$`])
      expect(Check(JoinAnswerSchema, { ...answer, token })).toBe(false);
  });

  test("of anything at all is a line or words, and never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const text = `nrpeer1.${Buffer.from(JSON.stringify(value) ?? "").toString("base64url")}`;
        expect(typeof readInviteLine(text)).toBe("string");
      }),
    );
  });
});

describe("a key of a seed", () => {
  test("is one that ssh2 and ssh-keygen read, both halves of one pair", () => {
    for (let round = 0; round < 50; round++) {
      const seed = newSeed();
      const { file, line } = keyPairOf(seed);
      const parsed = ssh2.utils.parseKey(file);
      if (parsed instanceof Error) throw parsed;
      expect(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")}`).toBe(line);
      expect(seedOf(file)).toBe(seed);
    }
    const { file, line } = keyPairOf(newSeed());
    const path = join(folder, "key");
    writeFileSync(path, file, { mode: 0o600 });
    expect(execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" })).toContain(line);
  });

  test("that somebody else wrote has no seed for us", () => {
    expect(seedOf("")).toBeNull();
    expect(seedOf(ssh2.utils.generateKeyPairSync("ed25519").private)).toBeNull();
  });
});

describe("an invitation", () => {
  const clock = { ms: 0 };
  const config = resolveConfig({
    gatewayName: "singapore",
    peers: { "gw-cn": { accept: { token: TOKEN, agents: ["worker-sg"] } } },
  });
  const ID = "gw-00000000-0000-4000-8000-000000000001";
  const arrange = async (accepted = config) => {
    clock.ms = 0;
    const book = inviteBook(folder, () => clock.ms);
    await book.put({
      ...LINE,
      hash: secretHash(SECRET),
      token: secretHash(TOKEN),
      port: 18_789,
      usedBy: null,
    });
    const grant = { key: keyPairOf(newSeed()).line, mark: inviteMark(LINE.id), name: "gw-cn", port: 18_789 };
    await grantKey(folder, [], { ...grant, expiresAtMs: 1_000 });
    const needs = { book, home: folder, config: () => accepted, gateway: "gw-b" };
    const join = (claim: string, key: string | null = keyPairOf(newSeed()).line) =>
      acceptJoin(needs, SECRET, { claim: claim.repeat(43), gateway: ID, key });
    return { book, needs, join };
  };
  const keys = () => readFileSync(join(folder, ".ssh", "authorized_keys"), "utf8");

  test("lets one gateway in: it gets the token, and its key takes the place of the invitation's", async () => {
    const { join: ask } = await arrange();
    const { line } = keyPairOf(newSeed());
    expect(await ask("a", line)).toEqual({
      result: { gateway: "gw-b", name: "singapore", token: TOKEN, agents: ["worker-sg"] },
    });
    expect(keys().trim().split("\n")).toHaveLength(1);
    expect(keys()).toContain(`${line} gw-cn node-router-peer:${LINE.id}`);
  });

  test("is answered again to who has used it, for an answer can be lost, and to nobody else", async () => {
    const { join: ask } = await arrange();
    const { line } = keyPairOf(newSeed());
    const first = await ask("a", line);
    expect(await ask("a", line)).toEqual(first);
    const before = keys();
    expect(await ask("b")).toMatchObject({ reason: "INVITE_USED" });
    expect(keys()).toBe(before);
  });

  test("used by two at the same time lets one of them in", async () => {
    const { join: ask } = await arrange();
    const answers = await Promise.all([ask("a"), ask("b"), ask("c")]);
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(1);
  });

  test("of a gateway that needs no key leaves none behind", async () => {
    const { join: ask } = await arrange();
    expect(await ask("a", null)).toMatchObject({ result: { name: "singapore" } });
    expect(keys()).toBe("");
  });

  test("that expired lets nobody in, also not who has used it", async () => {
    const { join: ask } = await arrange();
    await ask("a");
    clock.ms = 1_000;
    expect(await ask("a")).toMatchObject({ reason: "INVITE_EXPIRED" });
    expect(await ask("b")).toMatchObject({ reason: "INVITE_EXPIRED" });
  });

  test.each([
    ["accepted any more", {}],
    [
      "accepted by its token, but by another",
      { "gw-cn": { accept: { token: "o".repeat(43), agents: ["worker-sg"] } } },
    ],
  ])("whose peer is not %s lets nobody in, and is not used up by that", async (_what, peers) => {
    const { needs, book } = await arrange(resolveConfig({ peers }));
    const params = { claim: "a".repeat(43), gateway: ID, key: null };
    expect(await acceptJoin(needs, SECRET, params)).toMatchObject({ reason: "INVITE_WITHDRAWN" });
    expect((await book.all())[0]?.usedBy).toBeNull();
  });

  test.each([
    ["a claim of another length", { claim: "a", gateway: ID, key: null }],
    ["a gateway without an id", { claim: "a".repeat(43), gateway: "x", key: null }],
    ["a key with options", { claim: "a".repeat(43), gateway: ID, key: 'command="x" ssh-ed25519 AAAA' }],
    [
      "a key of another type",
      { claim: "a".repeat(43), gateway: ID, key: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB" },
    ],
    [
      "a key with a second line",
      { claim: "a".repeat(43), gateway: ID, key: `${keyPairOf(LINE.ssh?.seed ?? "").line}\nssh-rsa AAAA` },
    ],
  ])("is not used by %s", async (_what, params) => {
    const { needs, book } = await arrange();
    const answer = await acceptJoin(needs, SECRET, params);
    // What stands behind the key is dropped, or all of it is.
    if ("result" in answer) expect(keys().trim().split("\n")).toHaveLength(1);
    else expect((await book.all())[0]?.usedBy).toBeNull();
    expect(keys()).not.toMatch(/^ssh-rsa|command="x"/m);
  });

  test("of its own gateway is refused", async () => {
    const { needs } = await arrange();
    const own = { ...needs, gateway: ID };
    expect(await acceptJoin(own, SECRET, { claim: "a".repeat(43), gateway: ID, key: null })).toMatchObject({
      reason: "INVITE_OWN",
    });
  });

  test("is kept without its secret, readable to its user alone; a file that nobody can read is not begun anew", async () => {
    const { book } = await arrange();
    const path = join(folder, "node-router", "peer-invites.json");
    expect(readFileSync(path, "utf8")).not.toContain(SECRET);
    writeFileSync(path, "{");
    await expect(book.put({ ...LINE, hash: "", token: "", port: null, usedBy: null })).rejects.toThrow(
      "cannot be read",
    );
    expect(readFileSync(path, "utf8")).toBe("{");
  });
});
