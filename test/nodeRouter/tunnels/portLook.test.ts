// Who listens on a port, as nodes of several kinds tell it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  endCommand,
  isLoopback,
  parsePortLook,
  portLookCommand,
} from "../../../src/nodeRouter/tunnels/portLook.ts";

const look = (...lines: string[]) =>
  parsePortLook(lines.map((line) => `node-router-port ${line}\n`).join(""));
const proc = (address: string) =>
  `proc 0: ${address}:4965 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0`;

describe("what Linux says", () => {
  test.each([
    ["0100007F", "127.0.0.1", true],
    ["0200007F", "127.0.0.2", true],
    ["00000000", "0.0.0.0", false],
    ["01006440", "64.100.0.1", false],
    ["00000000000000000000000000000000", "::", false],
    ["00000000000000000000000001000000", "::1", true],
    ["0000000000000000FFFF00000100007F", "127.0.0.1", true],
    ["0000000000000000FFFF000000000000", "0.0.0.0", false],
    ["B80D0120000000000000000001000000", "2001:0db8:0000:0000:0000:0000:0000:0001", false],
  ])("%s is %s", (hex, address, loopback) => {
    const found = look(proc(hex), "looked proc");
    expect(found?.addresses).toEqual([address]);
    expect(found?.addresses.map(isLoopback)).toEqual([loopback]);
  });
});

describe("what BSDs and macOS say", () => {
  test.each([
    ["tcp4       0      0  127.0.0.1.18789        *.*                    LISTEN", "127.0.0.1", true],
    ["tcp46      0      0  *.18789                *.*                    LISTEN", "*", false],
    ["tcp6       0      0  ::1.18789              *.*                    LISTEN", "::1", true],
    ["tcp        0      0 0.0.0.0:18789           0.0.0.0:*              LISTEN", "0.0.0.0", false],
  ])("%s", (line, address, loopback) => {
    const found = look(`netstat ${line}`, "looked netstat");
    expect(found?.addresses).toEqual([address]);
    expect(found?.addresses.map(isLoopback)).toEqual([loopback]);
  });
});

describe("an answer", () => {
  test("that never came is not one that found nobody", () => {
    expect(parsePortLook("Welcome\nlast login: never\n")).toBeNull();
    expect(look(proc("0100007F"))).toBeNull();
    expect(look("looked proc")).toEqual({ addresses: [], programs: [], server: null });
  });

  test("counts among whatever the login prints", () => {
    const text = `motd\n\nnode-router-port ${proc("0100007F")}\nnode-router-port looked proc\nnode-router-port who sshd\n`;
    expect(parsePortLook(text)).toEqual({ addresses: ["127.0.0.1"], programs: ["sshd"], server: null });
  });

  test("of any bytes is read without a fault, and is bounded", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constant("node-router-port who x"))), (lines) => {
        const found = parsePortLook(["node-router-port looked proc", ...lines].join("\n"));
        expect(found?.addresses.length ?? 0).toBeLessThanOrEqual(40);
        expect(found?.programs.every((name) => name.length <= 40)).toBe(true);
      }),
    );
  });

  test("never makes an address that cannot be read a loopback one", () => {
    expect(look("proc rubbish", "looked proc")?.addresses.map(isLoopback)).toEqual([false]);
    expect(look("netstat", "looked netstat")).toEqual({ addresses: [], programs: [], server: null });
    expect(["127.0.0.1.evil", "x127.0.0.1", "::11", "", "?", "localhost"].filter(isLoopback)).toEqual([]);
  });
});

test("the process that serves it is believed only as a number and a time, since it becomes a part of a command", () => {
  const served = (text: string) => look("looked proc", `server ${text}`)?.server;
  expect([served("12 34567"), served("12 Mon Nov 30 10:00:00 2026")]).toEqual([
    "12 34567",
    "12 Mon Nov 30 10:00:00 2026",
  ]);
  expect(["1; reboot 2", "1 $(reboot)", '1 2"; x', "1 2'x", "-1 2"].map(served)).toEqual(Array(5).fill(null));
  expect(endCommand("12 34567")).toContain('[ "$(born 12)" = "34567" ] && kill 12');
  expect(() => endCommand("1 $(reboot)")).toThrow("not a process");
});

test("the question is one word for any login shell, with the port as Linux writes it", () => {
  const command = portLookCommand(18_789, true);
  expect(command).toContain(":4965 ");
  expect(command.match(/'/g)).toHaveLength(2);
  expect(command).not.toMatch(/[!\n]/);
});
