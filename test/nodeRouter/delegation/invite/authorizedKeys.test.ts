// authorized_keys: our lines come and go, every other byte stays, and no link is followed.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  authorizedKeysFile,
  grantKey,
  type KeyGrant,
  keyLine,
} from "../../../../src/nodeRouter/delegation/invite/authorizedKeys.ts";

const GRANT: KeyGrant = {
  key: "ssh-ed25519 AAAA",
  mark: "node-router-peer:1",
  name: "gw cn",
  port: 18_789,
  expiresAtMs: null,
};
const OTHERS = "# a note\nssh-rsa AAAB somebody@work\n\nno-pty ssh-ed25519 AAAC  \n";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "node-router-keys-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const file = () => authorizedKeysFile(home);
const text = () => readFileSync(file(), "latin1");
function write(content: string, mode = 0o600): void {
  mkdirSync(join(home, ".ssh"), { recursive: true });
  writeFileSync(file(), content, "latin1");
  chmodSync(file(), mode);
}

describe("a granted key", () => {
  test("opens one port for connections, and neither commands nor ports of this machine", () => {
    expect(keyLine(GRANT)).toBe(
      'restrict,port-forwarding,permitopen="127.0.0.1:18789",permitlisten="none:1",command="exit 1" ssh-ed25519 AAAA gw_cn node-router-peer:1',
    );
  });

  test("of an invitation ends at its time by this machine's clock, as every sshd since 7.7 reads it", () => {
    const expiresAtMs = new Date(2026, 10, 30, 8, 5, 9).getTime();
    expect(keyLine({ ...GRANT, expiresAtMs })).toContain('expiry-time="20261130080509"');
  });

  test("makes folder and file for the user alone where there are none", async () => {
    await grantKey(home, [], GRANT);
    expect(text()).toBe(`${keyLine(GRANT)}\n`);
    expect([statSync(file()).mode & 0o777, statSync(join(home, ".ssh")).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect(readdirSync(join(home, ".ssh"))).toEqual(["authorized_keys"]);
  });

  test("stands at the end, the mode stays, and a last line without its end gets one", async () => {
    write("ssh-rsa AAAB caf\xe9", 0o644);
    await grantKey(home, [], GRANT);
    expect(text()).toBe(`ssh-rsa AAAB caf\xe9\n${keyLine(GRANT)}\n`);
    expect(statSync(file()).mode & 0o777).toBe(0o644);
  });

  test("takes the place of the one with the other mark, and of no line that only mentions the mark", async () => {
    const invite = { ...GRANT, mark: "node-router-invite:1", key: "ssh-ed25519 BBBB" };
    const comment = "# node-router-invite:1\n";
    write(`${comment}${keyLine(invite)}\nssh-rsa AAAB node-router-invite:1 mine\n`);
    expect(await grantKey(home, [invite.mark], GRANT)).toBe(1);
    expect(text()).toBe(`${comment}${keyLine(GRANT)}\nssh-rsa AAAB node-router-invite:1 mine\n`);
  });
});

test("whatever is in the file stays byte for byte when a key comes and goes", async () => {
  const line = fc
    .stringMatching(/^[\x20-\x7e\x80-\xff]{0,30}$/)
    .filter((one) => !one.includes("node-router"));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (lines) => {
      const content = lines.map((one) => `${one}\n`).join("");
      write(content);
      await grantKey(home, [], GRANT);
      expect(text().startsWith(content)).toBe(true);
      await grantKey(home, [GRANT.mark], null);
      expect(text()).toBe(content);
    }),
    { numRuns: 15 },
  );
});

test("taking out what is not there writes nothing", async () => {
  write(OTHERS);
  const before = statSync(file()).ino;
  expect(await grantKey(home, ["node-router-peer:9"], null)).toBe(0);
  expect([text(), statSync(file()).ino]).toEqual([OTHERS, before]);
});

test("a file or folder that is a link is not followed, and what it leads to is not touched", async () => {
  const elsewhere = join(home, "elsewhere");
  writeFileSync(elsewhere, OTHERS);
  mkdirSync(join(home, ".ssh"));
  symlinkSync(elsewhere, file());
  await expect(grantKey(home, [], GRANT)).rejects.toThrow(`${file()} is a link, and is not followed`);
  expect(readFileSync(elsewhere, "utf8")).toBe(OTHERS);
  rmSync(join(home, ".ssh"), { recursive: true });
  mkdirSync(join(home, "dotfiles"));
  symlinkSync(join(home, "dotfiles"), join(home, ".ssh"));
  await expect(grantKey(home, [], GRANT)).rejects.toThrow("is a link, and is not followed");
  expect(readdirSync(join(home, "dotfiles"))).toEqual([]);
});

test("changes at the same time are all kept", async () => {
  write(OTHERS);
  const grants = Array.from({ length: 12 }, (_, at) => ({ ...GRANT, mark: `node-router-peer:${at}` }));
  await Promise.all(grants.map((grant) => grantKey(home, [], grant)));
  expect(text().split("\n").sort()).toEqual([...OTHERS.split("\n"), ...grants.map(keyLine)].sort());
  expect(existsSync(`${file()}.lock`)).toBe(false);
});
