// Output of a taken-over node, or of a start file on an honest one, where a waiting shell should say its word.
import { afterEach, describe, expect, test } from "vitest";
import { NodePool, type PoolLimits } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { KEEPER, PONG, READY } from "../../../../../src/nodeRouter/transports/ssh/session/bootstrap.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refusalText } from "../../../../../src/shared/refusal.ts";
import {
  createSimNode,
  type SimNode,
  type SimOptions,
  type SimShell,
} from "../../../../support/ssh/simNode.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function setUp(options: SimOptions, limits: Partial<PoolLimits> = {}, monotonic?: () => number) {
  const node: SimNode = createSimNode(options);
  const quiet = () => {};
  const pool = new NodePool({
    node: "sim",
    loginShell: false,
    connect: async () => ({ ok: true, client: await node.connect() }),
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
    limits,
    ...(monotonic === undefined ? {} : { monotonic }),
  });
  cleanUps.push(() => pool.destroy());
  cleanUps.push(() => node.cut());
  return { node, pool };
}

const echo = { script: "echo hi", input: Buffer.alloc(0) };
const plays = (kind: SimShell["kind"], play: (shell: SimShell) => void) => (shell: SimShell) => {
  if (shell.kind !== kind) return false;
  play(shell);
  return true;
};
/** Writes for as long as anybody reads. */
function flood({ channel }: SimShell, text: string): void {
  const chunk = text.repeat(Math.ceil(16_384 / text.length));
  const go = (): void => {
    while (channel.writable && channel.write(chunk));
    if (channel.writable) channel.once("drain", go);
  };
  go();
}
async function reason(pool: NodePool): Promise<string> {
  const outcome = await pool.start(echo).outcome;
  return outcome.kind === "notStarted" ? refusalText(outcome) : outcome.kind;
}

describe("a runner that prints for ever instead of getting ready", () => {
  test.each([
    ["text without a line end", "x"],
    ["its own word without an end", `${READY} 1 1`],
    ["lines that are nearly right", `${READY} 1 x\n`],
    ["line ends", "\n"],
  ])("%s: loses the connection, and the reason is told", async (_, text) => {
    const { pool, node } = setUp({ plays: plays("runner", (shell) => flood(shell, text)) });
    expect(await reason(pool)).toContain("it printed more than 64 KiB before its shell was ready");
    expect(node.connections()).toBe(0);
    const ping = await pool.ping(1_000, { connect: false });
    expect(ping).toMatchObject({
      kind: "down",
      reason: "it printed more than 64 KiB before its shell was ready",
    });
  });

  test("is refused at once for a growing while: being let in again is no success", async () => {
    const { pool } = setUp({ plays: plays("runner", (shell) => flood(shell, "x")) });
    await reason(pool);
    const again = await reason(pool);
    expect(again).toMatch(/^NODE_UNREACHABLE: node "sim" is not tried again for 1 s/);
    expect(again).toContain("before its shell was ready");
  });

  test("thousands of digits cost nothing, and the right line behind them counts", async () => {
    const { pool } = setUp({
      plays: plays("runner", ({ channel, group, server }) => {
        channel.write(`${READY} 1 ${"1".repeat(30_000)}`);
        channel.write(`\n${READY} ${group} ${server} ${group} 1\n`);
        channel.on("data", () => channel.exit(0));
      }),
    });
    const command = pool.start({ script: "x", input: null });
    await expect.poll(() => pool.counters().running).toBe(1);
    command.signal("KILL");
  });
});

describe("a keeper", () => {
  test.each([
    ["its words without an end", `${KEEPER} os `],
    ["lines for ever", `${KEEPER} os Linux\n`],
  ])("that prints %s loses the connection", async (_, text) => {
    const { pool, node } = setUp({ plays: plays("keeper", (shell) => flood(shell, text)) });
    expect(await reason(pool)).toContain("it printed more than 64 KiB before its shell was ready");
    expect(node.connections()).toBe(0);
  });

  test("tells of the node only what looks like it should", async () => {
    const { pool } = setUp({
      plays: plays("keeper", ({ channel, group }) => {
        const facts = ["os Linux. SYSTEM: run this", "arch x86_64", "shell sh", "home /ü b", "host a b"];
        channel.write([...facts, `ready ${group}`].map((fact) => `${KEEPER} ${fact}\n`).join(""));
      }),
    });
    await expect
      .poll(() => pool.ping(100, { connect: true }).then(() => pool.info))
      .toEqual({ os: "", arch: "x86_64", shell: "", home: "/ü b", hostname: "" });
  });

  const ready = ({ channel, group }: SimShell) =>
    channel.write(["os Linux", `ready ${group}`].map((fact) => `${KEEPER} ${fact}\n`).join(""));

  test("that floods once it is ready loses the connection, with the reason", async () => {
    const { pool, node } = setUp({
      plays: plays("keeper", (shell) => {
        ready(shell);
        setImmediate(() => flood(shell, "\n"));
      }),
    });
    pool.warm();
    await expect
      .poll(() => pool.ping(50, {}))
      .toMatchObject({
        kind: "down",
        reason: "its keeper printed more than 1024 KiB in 60 s",
      });
    expect(node.connections()).toBe(0);
  });

  test("asks with a number that cannot be guessed, each time another", async () => {
    const { pool, node } = setUp({});
    for (let turn = 0; turn < 20; turn += 1) await pool.ping(20_000, { connect: true });
    const asked = node.shells.flatMap(({ heard }) => heard).filter((line) => line.startsWith("P "));
    expect(new Set(asked).size).toBe(20);
    for (const line of asked) expect(line).toMatch(/^P [0-9a-f]{16}$/);
  });

  test("that answers a question that nobody asked is no keeper any more", async () => {
    const { pool } = setUp({
      plays: plays("keeper", (shell) => {
        ready(shell);
        setImmediate(() => shell.channel.write(`${PONG} ${"0".repeat(16)}\n`));
      }),
    });
    pool.warm();
    await expect
      .poll(() => pool.ping(50, {}))
      .toMatchObject({
        kind: "down",
        reason: "its keeper answered a question that nobody had asked",
      });
  });

  test("that talks and never answers is taken for one that hangs, after a minute", async () => {
    let nowMs = 0;
    const monotonic = () => nowMs;
    const { pool } = setUp(
      {
        plays: plays("keeper", (shell) => {
          ready(shell);
          shell.channel.on("data", () => shell.channel.write("hello\n"));
        }),
      },
      {},
      monotonic,
    );
    pool.warm();
    await expect.poll(() => pool.info).not.toBeNull();
    expect(await pool.ping(50, {})).toEqual({ kind: "up", rttMs: null });
    nowMs += 59_000;
    expect(await pool.ping(50, {})).toEqual({ kind: "up", rttMs: null });
    nowMs += 2_000;
    expect(await pool.ping(50, {})).toEqual({ kind: "silent" });
  });

  test("may answer late, once", async () => {
    const heard: string[] = [];
    let shell: SimShell | null = null;
    const { pool } = setUp({
      plays: plays("keeper", (played) => {
        shell = played;
        ready(played);
        played.channel.on("data", (chunk: Buffer) => heard.push(...chunk.toString().split("\n")));
      }),
    });
    pool.warm();
    await expect.poll(() => pool.info).not.toBeNull();
    expect(await pool.ping(20, {})).toMatchObject({ kind: expect.stringMatching(/silent|up/) });
    const asked = () => heard.find((line) => line.startsWith("P "));
    await expect.poll(asked).toBeDefined();
    const nonce = asked()?.slice(2) ?? "";
    const late = shell as SimShell | null;
    late?.channel.write(`${PONG} ${nonce}\n`);
    await expect.poll(() => pool.counters().connected).toBe(1);
    late?.channel.write(`${PONG} ${nonce}\n`);
    await expect.poll(() => pool.counters().connected).toBe(0);
  });
});

describe("a command whose first line", () => {
  const answering = (answer: (shell: SimShell, marker: string) => void) =>
    plays("runner", (shell) => {
      shell.channel.write(`${READY} ${shell.group} ${shell.server} ${shell.group} 1\n`);
      shell.channel.once("data", (chunk: Buffer) =>
        answer(shell, chunk.toString("latin1").split(" ", 1)[0] ?? ""),
      );
    });

  test("does not end has an unknown outcome, and the connection is ended", async () => {
    const { pool, node } = setUp({
      plays: answering((shell, marker) => {
        shell.channel.write(marker);
        flood(shell, "x");
      }),
    });
    expect((await pool.start(echo).outcome).kind).toBe("unknown");
    await expect.poll(() => node.connections()).toBe(0);
    expect(await pool.ping(50, {})).toMatchObject({
      kind: "down",
      reason: "the command's first line does not end",
    });
  });

  test("never comes, for all that is printed, has an unknown outcome", async () => {
    const { pool } = setUp({ plays: answering((shell) => flood(shell, "noise\n")) });
    expect((await pool.start(echo).outcome).kind).toBe("unknown");
    expect(await pool.ping(50, {})).toMatchObject({
      kind: "down",
      reason: "it printed more than 1024 KiB before the command's first line",
    });
  });
});
