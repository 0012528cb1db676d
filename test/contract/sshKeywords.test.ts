// Every keyword that the installed ssh can say of a host has been thought about.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { classOf, unhonoured } from "../../src/nodeRouter/transports/ssh/connect/settings/keywords.ts";
import { parseAnswer } from "../../src/nodeRouter/transports/ssh/connect/settings/sshAnswer.ts";
import { skipWithoutSsh } from "../support/ssh/client.ts";

/** Settings that ssh prints only where somebody has set them. Others of other versions are passed over. */
const SET = [
  "IgnoreUnknown=*",
  "BindAddress=127.0.0.1",
  "BindInterface=lo",
  "CertificateFile=/c",
  "ControlPath=/c",
  "DynamicForward=1080",
  "HostKeyAlias=a",
  "IdentityAgent=/a",
  "KbdInteractiveDevices=pam",
  "KnownHostsCommand=/k",
  "LocalCommand=l",
  "LocalForward=1081 h:1",
  "PKCS11Provider=/p",
  "PreferredAuthentications=password",
  "ProxyCommand=p",
  "RemoteCommand=r",
  "RemoteForward=1082 h:1",
  "RevokedHostKeys=/r",
  "SetEnv=A=b",
  "Tag=t",
  "VersionAddendum=v",
];

const ask = (...options: string[]) =>
  execFileSync(
    "ssh",
    ["-G", "-T", "-F", "/dev/null", ...options.flatMap((option) => ["-o", option]), "--", "h"],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );

describe.skipIf(skipWithoutSsh("test/contract/sshKeywords"))("keywords of the installed ssh", () => {
  test("each is honoured, moot, or said to be not honoured", () => {
    const { values } = parseAnswer(`${ask(...SET)}`, "", "h");
    const { values: jump } = parseAnswer(ask("ProxyJump=j"), "", "h");
    const keywords = [...new Set([...values.keys(), ...jump.keys()])];
    expect(keywords.length).toBeGreaterThan(60);
    expect(keywords.filter((keyword) => classOf(keyword) === "unknown")).toEqual([]);
  });

  test("a keyword that nobody has set is not mentioned", () => {
    expect(unhonoured(parseAnswer(ask(), "", "h"), "h")).toEqual([]);
  });

  test("what is not honoured is said by its name", () => {
    const said = unhonoured(parseAnswer(ask(...SET), "", "h"), "h").map((note) => note.split(" ", 1)[0]);
    expect(said).toEqual(
      expect.arrayContaining([
        "CertificateFile",
        "KnownHostsCommand",
        "LocalForward",
        "RemoteCommand",
        "SetEnv",
      ]),
    );
    expect(unhonoured(parseAnswer(ask("ForwardAgent=yes"), "", "h"), "h")).toEqual([
      "ForwardAgent yes of h in ssh_config is not honoured",
    ]);
  });
});
