// Generated ssh_config files: what we make of them is what the installed ssh makes of them.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveTarget } from "../../../../../../src/nodeRouter/transports/ssh/connect/hops.ts";
import { refusalLine } from "../../../../../../src/shared/refusal.ts";
import { skipWithoutSsh } from "../../../../../support/ssh/client.ts";
import { makeTestHome, sshNode, type TestHome } from "../arrange.ts";

/** The same files on every run. */
const SEED = 20_260_131;
const RUNS = 30;

const { username, homedir: accountHome } = userInfo();
const VARIABLES = { PATH: process.env.PATH, KEYS: "/keys", ODD: "a b#c" };

let home: TestHome;

beforeEach(() => {
  home = makeTestHome();
  mkdirSync(join(home.home, ".ssh/conf.d"));
});

afterEach(() => home.remove());

/** Ways to write one value: bare, in either quotes, and with what other parsers trip over. */
const written = (words: fc.Arbitrary<string>) =>
  fc
    .tuple(words, fc.constantFrom("", '"', "'", "half"))
    .map(([word, mark]) =>
      mark === "half" ? `${word.slice(0, 1)}"${word.slice(1)}"` : `${mark}${word}${mark}`,
    );
const name = fc.constantFrom("web", "Web", "db.example", "10.0.0.7", "h#1", "x=y");
/** A name with a space without quotes is several: see knownHostsFiles.test.ts. */
const quoted = (words: fc.Arbitrary<string>) =>
  words.chain((word) =>
    word.includes(" ") ? fc.constantFrom(`"${word}"`, `'${word}'`) : written(fc.constant(word)),
  );
const user = fc.constantFrom("ann", "svc#eu", "o'neil", "DOM\\\\user", "a=b", "#x", "two words");
const file = fc.constantFrom(
  "~/.ssh/key",
  "~/.ssh/deploy key",
  "/k/id#2024",
  "%d/.ssh/%n-%r",
  "/k/%h_%p_%u_%i_%L_%l_%k",
  "/k/%C",
  "/k/100%%",
  `\${KEYS}/id`,
  `/k/\${ODD}`,
  "/k/back\\\\slash",
);
const known = fc.constantFrom(
  "~/.ssh/known_hosts",
  "~/hosts of prod",
  "%d/kh",
  "/kh/a",
  `\${KEYS}/kh`,
  "none",
);

const keyword = (text: string) => fc.constantFrom(text, text.toLowerCase(), text.toUpperCase());
const statement = fc
  .oneof(
    fc.tuple(
      keyword("HostName"),
      written(fc.constantFrom("n.example", "%h.example", "10.0.0.9", "N.Example")),
    ),
    fc.tuple(keyword("User"), written(user)),
    fc.tuple(keyword("Port"), written(fc.constantFrom("22", "2222", "0x16", "65535"))),
    fc.tuple(keyword("IdentityFile"), written(file)),
    fc.tuple(
      keyword("IdentityAgent"),
      written(fc.constantFrom("~/agent", "none", "$KEYS", "/a b", `\${KEYS}/a`)),
    ),
    fc.tuple(keyword("UserKnownHostsFile"), quoted(known)),
    fc.tuple(keyword("UserKnownHostsFile"), fc.constant('"~/a b" /c')),
    fc.tuple(keyword("HostKeyAlias"), written(fc.constantFrom("alias", "Rack#3", "a=b"))),
    fc.tuple(
      keyword("ProxyCommand"),
      fc.constantFrom("nc %h %p", "none", "cf '%n' \"%r\" # not a comment", "x %%"),
    ),
    fc.tuple(keyword("IdentitiesOnly"), fc.constantFrom("yes", "no", "true")),
    fc.tuple(keyword("Include"), written(fc.constantFrom("more", "conf.d/*", "absent", "conf.d"))),
    fc.tuple(keyword("Ciphers"), fc.constantFrom("aes256-ctr", "^aes256-ctr", "-*cbc,*gcm*")),
  )
  .chain(([key, value]) => fc.constantFrom(" ", "=", " = ", "\t").map((gap) => `${key}${gap}${value}`));
const comment = fc.constantFrom("", "", "  # the new one", " #", "\r");
const header = fc.oneof(
  fc.constantFrom(
    "Host *",
    "Host web",
    "Host Web",
    'Host "web"',
    "Host w?b !web",
    "Host !db.example *",
    "Host=web",
  ),
  fc.constantFrom(
    "Match all",
    "Match host n.example",
    "Match originalhost web",
    "Match !user ann",
    "Match final",
  ),
  fc.constantFrom('Match exec "true"', "Match exec false", 'Match originalhost web exec "test %h = web"'),
  fc.constant(`Match localuser ${username}`),
);
const line = fc.tuple(
  fc.oneof({ weight: 4, arbitrary: statement }, { weight: 1, arbitrary: header }),
  comment,
);
const text = fc
  .array(line, { maxLength: 10 })
  .map((lines) => lines.map(([content, end]) => `${content}${end}\n`).join(""));

/** What ssh itself says, of the same files. */
function ask(host: string): Map<string, string[]> | null {
  const { status, stdout } = spawnSync(
    "ssh",
    ["-G", "-T", "-F", join(home.home, ".ssh/config"), "-o", "ControlPath=%C/%i/%L/%l", "--", host],
    { encoding: "utf8", env: { ...VARIABLES, HOME: home.home } },
  );
  if (status !== 0) return null;
  const values = new Map<string, string[]>();
  for (const said of stdout.split("\n")) {
    const at = said.indexOf(" ");
    values.set(said.slice(0, at), [...(values.get(said.slice(0, at)) ?? []), said.slice(at + 1)]);
  }
  return values;
}

/** One value as ssh expands it, by ssh. */
function expanded(value: string, said: ReadonlyMap<string, string[]>, host: string): string | null {
  const one = (key: string) => said.get(key)?.[0];
  const quoted = (content: string) => `"${content.replace(/["\\]/g, "\\$&")}"`;
  const alias = one("hostkeyalias");
  const oracle = [
    `HostName ${one("hostname")}`,
    `Port ${one("port")}`,
    `User ${quoted(one("user") ?? "")}`,
    ...(alias === undefined ? [] : [`HostKeyAlias ${quoted(alias)}`]),
    `ControlPath ${quoted(value)}`,
  ];
  const path = join(home.home, "oracle");
  writeFileSync(path, `${oracle.join("\n")}\n`);
  const { status, stdout } = spawnSync("ssh", ["-G", "-T", "-F", path, "--", host], {
    encoding: "utf8",
    env: { ...VARIABLES, HOME: home.home },
  });
  return status === 0 ? (/^controlpath (.*)$/m.exec(stdout)?.[1] ?? null) : null;
}

/** The account's home, which is what ssh takes `~` for, as ours. */
const rehomed = (path: string) =>
  accountHome !== "/" && path.startsWith(`${accountHome}/`)
    ? `${home.home}${path.slice(accountHome.length)}`
    : path;

describe.skipIf(skipWithoutSsh("connect/settings/differential"))("any file", () => {
  test("leads to the host, the port, the user, the keys and the known_hosts that ssh says, or is refused by both", async () => {
    let agreed = 0;
    await fc.assert(
      fc.asyncProperty(text, text, text, name, async (config, more, part, host) => {
        fc.pre(!/[#=]/.test(host) || host === "x=y");
        const write = (path: string, content: string) =>
          writeFileSync(join(home.home, ".ssh", path), content, { mode: 0o600 });
        write("config", config);
        write("more", more.replace(/include/gi, "#"));
        write("conf.d/10", part.replace(/include/gi, "#"));
        const env = home.env({ variables: VARIABLES, user: username });
        const resolved = await resolveTarget(sshNode({ host }), env);
        const said = ask(host);
        if (said === null) {
          expect(resolved).toMatchObject({ ok: false, code: "SSH_SETTINGS_INVALID" });
          expect(resolved).toMatchObject({
            fact: expect.stringContaining("ssh refuses its settings for "),
          });
          return;
        }
        const one = (key: string) => said.get(key)?.[0];
        const files = (said.get("identityfile") ?? []).map((path) => expanded(path, said, host));
        if (!resolved.ok) {
          // What only comes to light when ssh connects.
          expect(
            files.includes(null) || /%z|descriptor|login name/.test(refusalLine(resolved)),
            refusalLine(resolved),
          ).toBe(true);
          return;
        }
        agreed++;
        const { last } = resolved.target;
        expect([last.host, String(last.port), last.user]).toEqual([
          one("hostname"),
          one("port"),
          one("user"),
        ]);
        if (last.identity.areNamed)
          expect(last.identity.files).toEqual(files.map((path) => rehomed(path ?? "")));
        else expect(files.length).toBeGreaterThan(2);
        expect(last.identity.only).toBe(one("identitiesonly") === "yes");
        const agent = one("identityagent");
        expect(last.identity.agent).toBe(
          agent === undefined || agent === "none" ? null : agent === "$KEYS" ? "/keys" : rehomed(agent),
        );
        const userFiles = one("userknownhostsfile") ?? "none";
        const ours = last.hostKey.files.join(" ") || "none";
        expect(ours).toBe(
          userFiles
            .split(/ (?=\/)/)
            .map(rehomed)
            .join(" "),
        );
        const alias = one("hostkeyalias");
        const port = one("port") === "22" ? one("hostname") : `[${one("hostname")}]:${one("port")}`;
        expect(last.hostKey.name).toBe(alias ?? port);
        const proxy = one("proxycommand");
        expect(last.proxyCommand === null).toBe(proxy === undefined);
        const ciphers = one("ciphers")?.split(",") ?? [];
        expect(last.offer.cipher.every((cipher) => ciphers.includes(cipher))).toBe(true);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(agreed).toBeGreaterThan(RUNS / 4);
  }, 300_000);
});
