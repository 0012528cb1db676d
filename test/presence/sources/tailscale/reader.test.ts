// Reading the status from sockets, ports and commands that answer, refuse, hang, lie or break off.
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTailnetReader, type TailnetRead } from "../../../../src/presence/sources/tailscale/reader.ts";
import { thisMachine } from "../../../../src/presence/sources/tailscale/tailnetMachine.ts";
import { manyPeers, peer103, status103 } from "../../../support/tailscale/fixtures.ts";
import { type LocalApiStandIn, machine, startLocalApi } from "../../../support/tailscale/localApi.ts";
import { waitFor } from "../../../support/wait.ts";

const all = () => true;
const LONG_MS = 20_000;

let folder: string;
let apis: LocalApiStandIn[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nr-"));
});

afterEach(async () => {
  await Promise.all(apis.map((api) => api.close()));
  apis = [];
  rmSync(folder, { recursive: true });
});

async function localApi(token?: string): Promise<LocalApiStandIn> {
  const api = await startLocalApi(token === undefined ? {} : { token });
  apis.push(api);
  return api;
}

/** A `tailscale` command that does this. */
function command(script: string): string {
  const path = join(folder, "tailscale");
  writeFileSync(path, `#!/bin/sh\ntest "$*" = "status --json" && ${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function printing(value: unknown): string {
  writeFileSync(join(folder, "status.json"), JSON.stringify(value, null, 2));
  return `cat ${join(folder, "status.json")}`;
}

const names = (read: TailnetRead) =>
  read.kind === "status" ? read.status.peers.map(({ hostName }) => hostName) : read;

describe("on a unix socket", () => {
  test("it is asked as it wants to be asked", async () => {
    const api = await localApi();
    const read = await createTailnetReader(machine({ sockets: [join(folder, "absent"), api.socket] })).status(
      all,
      LONG_MS,
    );
    expect(names(read)).toEqual(["Mac SG"]);
    expect(api.asked).toEqual(["/localapi/v0/status"]);
  });

  test("the one that answered is asked first the next time, and when it is gone another is looked for", async () => {
    const [first, second] = [await localApi(), await localApi()];
    first.instead = (_, answer) => answer.writeHead(500).end();
    const reader = createTailnetReader(machine({ sockets: [first.socket, second.socket] }));
    expect(names(await reader.status(all, LONG_MS))).toEqual(["Mac SG"]);
    first.instead = null;
    first.status = status103([peer103({ HostName: "first" })]);
    expect(names(await reader.status(all, LONG_MS))).toEqual(["Mac SG"]);
    expect(first.asked).toHaveLength(1);
    await second.close();
    expect(names(await reader.status(all, LONG_MS))).toEqual(["first"]);
  });

  test.each<[string, (api: LocalApiStandIn) => void, RegExp]>([
    [
      "refuses",
      (api) => (api.instead = (_, answer) => answer.writeHead(403).end("no")),
      /^LocalAPI answered 403$/,
    ],
    [
      "answers garbage",
      (api) => (api.instead = (_, answer) => answer.end("<html>")),
      /^the answer is not in a form/,
    ],
    ["answers a list", (api) => (api.status = []), /^the answer is not in a form/],
    [
      "answers broken JSON",
      (api) => (api.instead = (_, answer) => answer.end('{"Peer": mac-sg}')),
      /^the answer is not/,
    ],
    ["answers nothing", (api) => (api.instead = (_, answer) => answer.end()), /^the answer is empty$/],
    [
      "answers half",
      (api) => (api.instead = (_, answer) => answer.end('{"Peer":{"a":{')),
      /^the answer ends in its middle$/,
    ],
    [
      "breaks off",
      (api) => (api.instead = (_, answer) => void answer.write('{"Peer":{', () => answer.destroy())),
      /aborted|hang up|reset/i,
    ],
    ["hangs up", (api) => (api.instead = (_, answer) => answer.destroy()), /hang up|reset/i],
  ])(
    "one that %s has failed, with the fact; it is not absent, and the command is asked",
    async (_, behave, expected) => {
      const api = await localApi();
      behave(api);
      const reading = (commands: string[]) =>
        createTailnetReader(machine({ sockets: [api.socket], commands })).status(all, LONG_MS);
      expect(await reading([])).toEqual({ kind: "failed", reason: expect.stringMatching(expected) });
      expect(names(await reading([command(printing(status103()))]))).toEqual(["Mac SG"]);
    },
  );

  test("one that hangs, before the answer or in it, costs the time that was given and no more", async () => {
    const api = await localApi();
    const reader = createTailnetReader(machine({ sockets: [api.socket] }));
    const late = { kind: "failed", reason: "no answer within 50 ms" };
    api.instead = () => undefined;
    expect(await reader.status(all, 50)).toEqual(late);
    api.instead = (_, answer) => void answer.write('{"Peer":{');
    expect(await reader.status(all, 50)).toEqual(late);
    api.instead = null;
    expect(names(await reader.status(all, LONG_MS))).toEqual(["Mac SG"]);
  });

  test("an answer that is too long is not read to its end", async () => {
    const api = await localApi();
    api.instead = (_, answer) => {
      answer.write('{"Health":["');
      const more = () => void (answer.destroyed || answer.write("x".repeat(60_000), more));
      more();
    };
    const reader = createTailnetReader(machine({ sockets: [api.socket] }), 1_000_000);
    expect(await reader.status(all, LONG_MS)).toEqual({
      kind: "failed",
      reason: "the answer is longer than 1000000 bytes",
    });
  });

  test("who asked can end the question", async () => {
    const api = await localApi();
    const ended = new AbortController();
    api.instead = () => ended.abort(new Error("no longer wanted"));
    const reader = createTailnetReader(machine({ sockets: [api.socket] }));
    expect(await reader.status(all, LONG_MS, ended.signal)).toMatchObject({ kind: "failed" });
  });
});

describe("a tailnet of 5,000 peers", () => {
  test("is read in many short turns, and only who is wanted is kept", async () => {
    const api = await localApi();
    const text = JSON.stringify(status103(manyPeers(5_000)), null, "\t");
    expect(text.length).toBeGreaterThan(5_000_000);
    api.instead = (_, answer) => answer.end(text);
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const reader = createTailnetReader(machine({ sockets: [api.socket] }));
    const read = await reader.status(({ hostName }) => hostName === "node-4999", LONG_MS);
    isOver = true;
    expect(names(read)).toEqual(["node-4999"]);
    // Parsed at once it would be one turn; a piece of a socket is 64 KiB.
    expect(turns).toBeGreaterThan(20);
  });
});

describe("the command", () => {
  test("is asked where there is no socket", async () => {
    const file = command(printing(status103()));
    const read = await createTailnetReader(
      machine({ sockets: [join(folder, "absent")], commands: [join(folder, "none"), file] }),
    ).status(all, LONG_MS);
    expect(names(read)).toEqual(["Mac SG"]);
  });

  test("that is not there is no failure: Tailscale is absent", async () => {
    const reading = (platform: NodeJS.Platform) =>
      createTailnetReader(
        machine({ platform, sockets: [join(folder, "no")], commands: [join(folder, "no")] }),
      );
    expect(await reading("linux").status(all, LONG_MS)).toEqual({
      kind: "absent",
      reason: "Tailscale is not installed",
    });
    expect(await reading("win32").status(all, LONG_MS)).toEqual({
      kind: "absent",
      reason: 'on Windows only the command "tailscale" can be asked, and it was not found',
    });
  });

  test.each([
    [
      "complains",
      'echo "failed to connect\u202e to local tailscaled" >&2; exit 1',
      /ended with 1: failed to connect\\u202e to/,
    ],
    ["fails silently", "exit 3", /ended with 3$/],
    ["is killed", "kill -9 $$", /ended with a signal$/],
    ["prints no status", "echo hello", /^the answer is not in a form that can be read$/],
    ["prints nothing", "true", /^the answer is empty$/],
  ])("that %s has failed", async (_, script, expected) => {
    const read = await createTailnetReader(machine({ commands: [command(script)] })).status(all, LONG_MS);
    expect(read).toEqual({ kind: "failed", reason: expect.stringMatching(expected) });
  });

  test("that hangs is ended with the question", async () => {
    const file = command(
      `echo $$ >${join(folder, "part")}; mv ${join(folder, "part")} ${join(folder, "pid")}; exec sleep 1000`,
    );
    const ended = new AbortController();
    const reading = createTailnetReader(machine({ commands: [file] })).status(all, LONG_MS, ended.signal);
    const pid = Number(
      await waitFor("the command", () => readFile(join(folder, "pid"), "utf8").catch(() => null)),
    );
    expect(isAlive(pid)).toBe(true);
    ended.abort();
    expect(await reading).toMatchObject({ kind: "failed" });
    await waitFor("its end", () => !isAlive(pid));
  });
});

describe("an app on macOS", () => {
  const files = {
    readLink: (path: string) => readlink(path),
    readFile: (path: string) => readFile(path, "utf8"),
  };
  const mac = { platform: "darwin" as const, ...files };

  /** As the app from tailscale.com writes them. */
  function standalone(port: number | string, token: string): string {
    symlinkSync(String(port), join(folder, "ipnport"));
    writeFileSync(join(folder, `sameuserproof-${port}`), `${token}\n`);
    return folder;
  }

  test("from tailscale.com is asked on its port, with its password", async () => {
    const api = await localApi("0a1b2c");
    const read = await createTailnetReader(
      machine({ ...mac, macFolder: standalone(api.port, "0a1b2c") }),
    ).status(all, LONG_MS);
    expect(names(read)).toEqual(["Mac SG"]);
  });

  test("with another password refuses, and no reason tells the password", async () => {
    const api = await localApi("0a1b2c");
    const read = await createTailnetReader(
      machine({ ...mac, macFolder: standalone(api.port, "secret") }),
    ).status(all, LONG_MS);
    expect(read).toEqual({ kind: "failed", reason: "LocalAPI answered 403" });
  });

  test("of the App Store is found by the file that it holds open", async () => {
    const api = await localApi("0a1b2c");
    const open = `p123\ncIPNExtension\nf5\nn/Users/claw/Library/Group Containers/W5364U7YZB.group.io.tailscale.ipn.macos/sameuserproof-${api.port}-0a1b2c\nf6\nn/dev/null\n`;
    const read = await createTailnetReader(
      machine({ ...mac, macFolder: folder, openFiles: async () => open }),
    ).status(all, LONG_MS);
    expect(names(read)).toEqual(["Mac SG"]);
  });

  test.each(["", "0", "99999", "12a", "-1", "../x"])(
    "with port %j is none, and the socket is asked",
    async (port) => {
      const api = await localApi();
      if (port !== "") symlinkSync(port, join(folder, "ipnport"));
      const open = `n/x.tailscale.ipn.macos/sameuserproof-${port}-abc\n`;
      const read = await createTailnetReader(
        machine({ ...mac, macFolder: folder, openFiles: async () => open, sockets: [api.socket] }),
      ).status(all, LONG_MS);
      expect(names(read)).toEqual(["Mac SG"]);
    },
  );

  test("is not looked for elsewhere", async () => {
    const looked = () => Promise.reject(new Error("looked"));
    const elsewhere = machine({ readLink: looked, openFiles: () => expect.unreachable("no lsof here") });
    expect((await createTailnetReader(elsewhere).status(all, LONG_MS)).kind).toBe("absent");
  });
});

describe("where it looks by itself", () => {
  test("sockets and commands of the platform, and no socket on Windows", () => {
    expect(thisMachine("linux").sockets[0]).toBe("/var/run/tailscale/tailscaled.sock");
    expect(thisMachine("darwin").sockets).toEqual(["/var/run/tailscaled.socket"]);
    expect(thisMachine("darwin").commands).toContain("/Applications/Tailscale.app/Contents/MacOS/Tailscale");
    expect(thisMachine("win32")).toMatchObject({ sockets: [], commands: ["tailscale"] });
  });
});

describe("the relay map", () => {
  const map = {
    Regions: {
      3: { RegionID: 3, RegionCode: "sin", RegionName: "Singapore", Latitude: 1.3, Longitude: 103.8 },
    },
  };

  test("comes from the LocalAPI", async () => {
    const api = await localApi();
    api.derpMap = map;
    const read = await createTailnetReader(machine({ sockets: [api.socket] })).derpMap(LONG_MS);
    expect([...(read?.keys() ?? [])]).toEqual(["sin"]);
    expect(api.asked).toEqual(["/localapi/v0/derpmap"]);
  });

  test.each<[string, unknown]>([
    ["there is none", undefined],
    ["it is null", null],
    ["it has no regions", {}],
  ])("is not had when %s", async (_, derpMap) => {
    const api = await localApi();
    api.derpMap = derpMap;
    expect(await createTailnetReader(machine({ sockets: [api.socket] })).derpMap(LONG_MS)).toBeNull();
  });

  test("is not had from a LocalAPI that is absent, hangs or answers garbage, and never rejects", async () => {
    expect(await createTailnetReader(machine()).derpMap(LONG_MS)).toBeNull();
    const api = await localApi();
    const reader = createTailnetReader(machine({ sockets: [api.socket] }));
    api.instead = () => undefined;
    expect(await reader.derpMap(50)).toBeNull();
    api.instead = (_, answer) => answer.end("{");
    expect(await reader.derpMap(LONG_MS)).toBeNull();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("where Tailscale is looked for", () => {
  test.each(["linux", "darwin", "freebsd"] as const)(
    "on %s at no path that any user could make",
    (platform) => {
      for (const path of thisMachine(platform).sockets) expect(path).toMatch(/^\/var\/(run|packages)\//);
    },
  );
});
