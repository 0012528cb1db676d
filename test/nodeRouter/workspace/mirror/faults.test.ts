// What the mirror does when the way to the node, the node's disk or the gateway's does not play along.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Collected, CommandRequest } from "../../../../src/nodeRouter/transports/transport.ts";
import { createMirrorMemory } from "../../../../src/nodeRouter/workspace/mirror/mirrorMemory.ts";
import { ASK, PUT } from "../../../../src/nodeRouter/workspace/mirror/mirrorScripts.ts";
import { refused } from "../../../support/refused.ts";
import { SLOW } from "../../../support/wait.ts";
import { type Arranged, arrange, runHere, SHELLS, SKILLS, tree } from "./arrange.ts";

const NOTHING = Buffer.alloc(0);

/** The commands that put files are replaced; the others go through. */
function onPut(arranged: Arranged, run: (request: CommandRequest) => Promise<Collected>): void {
  arranged.replace((request) => (request.script === PUT ? run(request) : runHere(arranged.shell, request)));
}

function ended(outcome: Collected["outcome"]): () => Promise<Collected> {
  return async () => ({ outcome, stdout: NOTHING, stderr: NOTHING });
}

describe.for(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", ([, shell]) => {
  test("a stream that is cut off anywhere changes nothing, and the next call brings all of it", async () => {
    using arranged = arrange(shell);
    const target = join(arranged.node, SKILLS);
    arranged.put("skills/a", "old");
    const mirror = arranged.mirror();
    await mirror.ensure();
    arranged.put("skills/a", "new");
    arranged.put("skills/b", "x".repeat(5_000));
    for (const length of [0, 100, 512, 700, 1_024, 3_000]) {
      onPut(arranged, ({ input, ...request }) =>
        runHere(shell, { ...request, input: input?.subarray(0, length) ?? null }),
      );
      await expect(mirror.ensure()).rejects.toMatchObject({ code: "FILE_FAILED" });
      expect(tree(target)).toEqual({ "skills/a": "old" });
      expect(readdirSync(target).filter((name) => name.includes("incoming"))).toEqual([]);
    }
    arranged.replace(null);
    await mirror.ensure();
    expect(tree(target)).toEqual(tree(arranged.local));
  });

  test("a disk that takes no more leaves the old files and says so", async () => {
    using arranged = arrange(shell);
    arranged.put("skills/a", "old");
    const mirror = arranged.mirror();
    await mirror.ensure();
    arranged.put("skills/a", "new");
    arranged.put("skills/b", "x".repeat(200_000));
    // The nearest that a test can come: a limit on what one file may hold.
    onPut(arranged, (request) =>
      runHere(shell, { ...request, script: `trap '' XFSZ; ulimit -f 20; ${request.script}` }),
    );
    await expect(mirror.ensure()).rejects.toThrow(
      /^FILE_FAILED: skills could not be brought to ".*\/\.openclaw\/sandbox-skills" on node "mac-sg": .*; make room there, or install tar; nothing else was begun$/,
    );
    expect(tree(join(arranged.node, SKILLS))).toEqual({ "skills/a": "old" });
    arranged.replace(null);
    await mirror.ensure();
    expect(tree(join(arranged.node, SKILLS))).toEqual(tree(arranged.local));
  });

  test("a directory that somebody made in place of a file is not replaced", async () => {
    using arranged = arrange(shell);
    arranged.put("skills/a", "one");
    mkdirSync(join(arranged.node, SKILLS, "skills/a/keep"), { recursive: true });
    await expect(arranged.mirror().ensure()).rejects.toThrow(
      '"mac-sg": ./skills/a is a directory; move it away',
    );
    expect(existsSync(join(arranged.node, SKILLS, "skills/a/keep"))).toBe(true);
  });

  test("what a killed transfer left behind is cleared after a while, a fresh one is not", async () => {
    using arranged = arrange(shell);
    arranged.put("skills/a", "one");
    const [old, fresh] = ["old", "fresh"].map((name) =>
      join(arranged.node, SKILLS, `.node-router-incoming.${name}`),
    );
    for (const folder of [old ?? "", fresh ?? ""]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "0"), "part");
    }
    const hoursAgo = new Date(Date.now() - 7_200_000);
    utimesSync(old ?? "", hoursAgo, hoursAgo);
    await arranged.mirror().ensure();
    expect(existsSync(old ?? "")).toBe(false);
    expect(existsSync(fresh ?? "")).toBe(true);
  });
});

test("a list that somebody wrote cannot remove a file outside of the folder, nor one that is not wanted there", async () => {
  using arranged = arrange();
  arranged.put("skills/a", "one");
  const mirror = arranged.mirror();
  await mirror.ensure();
  const target = join(arranged.node, SKILLS);
  writeFileSync(join(arranged.node, "precious"), "x");
  const [list = ""] = readdirSync(target).filter((name) => name.endsWith(".json"));
  const owner = list.slice(".node-router-".length, -".json".length);
  for (const path of ["../../precious", "/etc/hostname", "skills/../../../precious", "", "skills//a"]) {
    writeFileSync(join(target, list), `${JSON.stringify({ v: 1, owner, files: [[path, "0"]] })}\n`);
    mirror.forget();
    await mirror.ensure();
    expect(tree(arranged.node)).toEqual({ [`${SKILLS}/skills/a`]: "one", precious: "x" });
  }
});

test.each([
  "",
  "{",
  "null",
  "[]",
  '{"v":2}',
  '{"v":1,"owner":1,"files":[]}',
  '{"v":1,"owner":"x","files":[1]}',
  "end",
])("the list %j is no list: everything is brought, nothing removed", async (text) => {
  using arranged = arrange();
  arranged.put("skills/a", "one");
  arranged.put("skills/b", "two");
  await arranged.mirror().ensure();
  const target = join(arranged.node, SKILLS);
  for (const name of readdirSync(target)) {
    if (name.endsWith(".json")) writeFileSync(join(target, name), text === "" ? "" : `${text}\n`);
  }
  arranged.put("skills/a", "changed");
  arranged.remove("skills/b");
  await arranged.mirror().ensure();
  expect(tree(target)).toEqual({ "skills/a": "changed", "skills/b": "two" });
});

test("a node that cannot be reached: its code, and nothing is forgotten", async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  const mirror = arranged.mirror();
  await mirror.ensure();
  arranged.put("a", "two");
  const why = refused("NODE_BUSY", 'node "mac-sg" runs 9 commands and 32 wait; try again later');
  arranged.replace(ended({ kind: "notStarted", ...why }));
  await expect(mirror.ensure()).rejects.toMatchObject({
    refusal: refused(
      "NODE_BUSY",
      `skills could not be brought to "${arranged.node}/${SKILLS}" on node "mac-sg": node "mac-sg" runs 9 commands and 32 wait; try again later`,
    ),
  });
  arranged.replace(null);
  arranged.trips();
  await mirror.ensure();
  expect(arranged.trips()).toBe(1);
  expect(tree(join(arranged.node, SKILLS))).toEqual({ a: "two" });
});

test("a connection that is lost on the way is no unknown outcome of the call: it is asked and brought again", async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  const mirror = arranged.mirror();
  onPut(arranged, async (request) => {
    await runHere(arranged.shell, request);
    return {
      outcome: { kind: "unknown", ...refused("OUTCOME_UNKNOWN", "x"), processGroup: 7 },
      stdout: NOTHING,
      stderr: NOTHING,
    };
  });
  await expect(mirror.ensure()).rejects.toThrow(
    'on node "mac-sg": the connection was lost while they were on their way; they are brought again with the next call; nothing else was begun',
  );
  arranged.replace(null);
  arranged.trips();
  await mirror.ensure();
  // It had arrived: asking is enough.
  expect(arranged.trips()).toBe(1);
});

test("an answer that is cut short or mixed with other output is not believed", async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  for (const stdout of ["", "node-router-en", "0\n", "welcome!\n"]) {
    arranged.replace(async () => ({
      outcome: { kind: "ran", exitCode: 0, signal: null },
      stdout: Buffer.from(stdout),
      stderr: NOTHING,
    }));
    await expect(arranged.mirror().ensure()).rejects.toThrow("the node's answer is cut short or mixed");
  }
});

test("what the node's tools say reaches no terminal raw, and is short", async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  arranged.replace(async () => ({
    outcome: { kind: "ran", exitCode: 24, signal: null },
    stdout: NOTHING,
    stderr: Buffer.from(`\n\u001b[31mtar: ${"x".repeat(1_000)}\nmore`),
  }));
  const error = await arranged.mirror().ensure().then(String, String);
  expect(error).toContain("\\u001b[31mtar: xxx");
  expect(error).not.toContain("more");
  expect(error.length).toBeLessThan(700);
});

test("a node without tar says so", async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  mkdirSync(arranged.node, { recursive: true });
  const bin = mkdtempSync(join(arranged.local, "..", "bin-"));
  for (const tool of ["cat", "find", "rm", "mkdir", "mv", "ln", "rmdir"]) {
    const [found] = ["/bin", "/usr/bin"].map((folder) => join(folder, tool)).filter(existsSync);
    symlinkSync(found ?? "", join(bin, tool));
  }
  arranged.replace((request) => runHere(arranged.shell, request, { PATH: bin }));
  await expect(arranged.mirror().ensure()).rejects.toThrow(/tar.*not found; make room there, or install tar/);
});

test("a folder of the gateway that cannot be read is an error, not an empty one", async () => {
  using arranged = arrange();
  arranged.put("skills/a", "one");
  await arranged.mirror().ensure();
  arranged.put("file", "no folder");
  await expect(arranged.mirror({ localDir: join(arranged.local, "file") }).ensure()).rejects.toMatchObject({
    code: "FILE_FAILED",
    message: expect.stringContaining("the gateway cannot read them: ENOTDIR"),
  });
  expect(tree(join(arranged.node, SKILLS))).toEqual({ "skills/a": "one" });
});

test("one folder that cannot be brought does not keep the others back, and is told", async () => {
  using arranged = arrange();
  arranged.put("skills/a", "one");
  arranged.put("in/b", "two");
  const mirror = arranged.mirror(
    {},
    {
      sources: () => [
        { what: "skills", localDir: join(arranged.local, "skills"), remoteDir: SKILLS, mode: "mirror" },
        { what: "attachments", localDir: join(arranged.local, "in"), remoteDir: "in", mode: "add" },
      ],
    },
  );
  arranged.replace((request) =>
    request.args?.[0] === "mirror" && request.script === ASK
      ? ended({ kind: "ran", exitCode: 1, signal: null })()
      : runHere(arranged.shell, request),
  );
  await expect(mirror.ensure()).rejects.toThrow("skills could not be brought");
  expect(tree(arranged.node)).toEqual({ "in/b": "two" });
  arranged.replace(null);
  await mirror.ensure();
  expect(tree(arranged.node)).toEqual({ "in/b": "two", [`${SKILLS}/a`]: "one" });
});

test("a call that comes while a failing run is under way gets a run of its own", async () => {
  using arranged = arrange();
  arranged.put("a", "one");
  const mirror = arranged.mirror();
  arranged.replace(ended({ kind: "ran", exitCode: 1, signal: null }));
  const first = mirror.ensure();
  const second = mirror.ensure();
  await expect(first).rejects.toThrow();
  arranged.replace(null);
  await second.catch(() => {});
  await mirror.ensure();
  expect(tree(join(arranged.node, SKILLS))).toEqual({ a: "one" });
});

describe("a node that hangs", () => {
  const HUNG: Collected = {
    outcome: { kind: "unknown", ...refused("OUTCOME_UNKNOWN", "x"), processGroup: 7 },
    stdout: NOTHING,
    stderr: NOTHING,
    givenUp: "it did not end within 30 s",
  };

  test("answers everybody who waited behind it, at once and with the reason, and is asked again afterwards", async () => {
    using arranged = arrange();
    arranged.put("skills/a", "one");
    const memory = createMirrorMemory();
    const first = Promise.withResolvers<Collected>();
    arranged.replace(() => first.promise);
    const waiting = ["one", "two", "three"].map((owner) => arranged.mirror({}, { memory, owner }).ensure());
    const settled = Promise.allSettled(waiting);
    await vi.waitFor(() => expect(arranged.trips()).toBe(1), SLOW);
    first.resolve(HUNG);
    for (const result of await settled) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringContaining('node "mac-sg": it did not end within 30 s') },
      });
    }
    // Nobody else had to find it out for itself.
    expect(arranged.trips()).toBe(0);
    arranged.replace(null);
    await arranged.mirror({}, { memory, owner: "four" }).ensure();
    expect(tree(join(arranged.node, SKILLS))).toEqual({ "skills/a": "one" });
  });

  test("a run that only failed is no run that hangs: whoever waited behind it tries for itself", async () => {
    using arranged = arrange();
    arranged.put("skills/a", "one");
    const memory = createMirrorMemory();
    let asked = 0;
    arranged.replace(async (request) => {
      asked += 1;
      return asked === 1 ? { ...HUNG, givenUp: null } : runHere(arranged.shell, request);
    });
    const results = await Promise.allSettled(
      ["one", "two"].map((owner) => arranged.mirror({}, { memory, owner }).ensure()),
    );
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });

  test("that answers with lines without end is refused", async () => {
    using arranged = arrange();
    arranged.put("skills/a", "one");
    arranged.replace(async () => ({
      outcome: { kind: "ran", exitCode: 0, signal: null },
      stdout: Buffer.from("\n".repeat(1 << 20)),
      stderr: NOTHING,
    }));
    await expect(arranged.mirror().ensure()).rejects.toThrow("the node's answer is cut short or mixed");
  });
});
