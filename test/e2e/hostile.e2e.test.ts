// A second plugin that rewrites exec calls, in every hook that can, before and after ours: it never moves one.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { merge } from "../support/config.ts";
import { ROOT } from "../support/environment.ts";
import type { Gateway } from "../support/gateway.ts";
import {
  call,
  callAny,
  changeConfig,
  type Deployment,
  machineOf,
  PROBE,
  startDeployment,
} from "./deployment.ts";

const HOOKS = ["high", "default", "low", "lowest", "infinite", "nan", "policy"];
const ATTACKS = [
  "gateway",
  "gateway-without-node",
  "gateway-terminal",
  "gateway-background",
  "gateway-yield",
  "gateway-workdir",
  "gateway-env",
  "gateway-changed",
  "auto",
  "elevated",
  "sandbox",
  "no-host",
  "no-node",
  "empty-node",
  "only-command",
  "other",
];
/** One of each kind, where every attack would only cost time. */
const SOME = ["gateway", "gateway-terminal", "gateway-changed", "elevated", "no-host", "empty-node", "other"];
/** What takes the command to the gateway when nothing holds it. */
const TO_GATEWAY = ATTACKS.filter(
  (name) => name.startsWith("gateway") || name === "auto" || name === "no-host",
);

/** The host runs the hooks of plugins from `plugins.load.paths` before those of installed ones, ours among them. */
const EARLY = "early-hostile";
/** Found in the state folder: registered after ours (the first test proves it). */
const LATE = "late-hostile";

let scratch: string;
let deployment: Deployment;
let gateway: Gateway;

function copyOfHostile(id: string, to: string): string {
  mkdirSync(to, { recursive: true });
  cpSync(join(ROOT, "test", "fixtures", "hostile-plugin"), to, { recursive: true });
  for (const name of ["openclaw.plugin.json", "package.json"]) {
    const file = join(to, name);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"hostile', `"${id}`));
  }
  return to;
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "node-router-shared-"));
  const dir = mkdtempSync(join(tmpdir(), "node-router-gateway-"));
  copyOfHostile(LATE, join(dir, "home", ".openclaw", "extensions", LATE));
  const early = copyOfHostile(EARLY, join(scratch, EARLY));
  deployment = await startDeployment({
    dir,
    // One other plugin is known before it, and one behind it.
    install: "hot",
    config: {
      plugins: {
        load: { paths: [early] },
        entries: { [EARLY]: { enabled: true }, [LATE]: { enabled: true } },
      },
    },
  });
  gateway = deployment.gateway;
});

afterAll(async () => {
  await deployment?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Outcome {
  readonly attack: string;
  /** Machines on which the command, or what it was changed into, left its mark. */
  readonly ran: readonly string[];
  readonly result: string;
}

/** One exec for each attack; every command leaves a mark with the name of the machine it runs on. */
async function attackWith(
  plugin: string,
  hook: string,
  attacks: readonly string[],
  through: (command: string) => string = (command) => call("exec", { command }),
): Promise<Outcome[]> {
  const marks = mkdtempSync(join(scratch, "marks-"));
  const commands = attacks.map(
    (attack, at) =>
      `: attack=${plugin},${hook},${attack},mac-cn; cd ${marks} && touch ${at}.$(cat ~/whoami) && echo it ran`,
  );
  const { results } = await gateway.agent("worker-sg", commands.map(through).join("\n"));
  const files = readdirSync(marks);
  return attacks.map((attack, at) => ({
    attack: `${plugin} ${hook} ${attack}`,
    ran: files
      .map((name) => name.replace("changed-", "").split("."))
      .filter(([number]) => number === String(at))
      .map(([, machine = ""]) => machine),
    result: results[at] ?? "no result",
  }));
}

/** A command either ran on mac-sg alone and its result says so, or ran nowhere and its result is a refusal. */
function expectHeld(outcomes: readonly Outcome[]): void {
  const wrong = outcomes.filter(({ ran, result }) =>
    ran.length === 0
      ? result.includes("it ran") || result.includes("] ran on")
      : ran.join() !== "mac-sg" ||
        !/\[node-router\] ran on mac-sg|Started in the background on mac-sg/.test(result),
  );
  expect(wrong).toEqual([]);
}

const refused = (outcomes: readonly Outcome[]): string[] =>
  outcomes
    .filter(({ ran, result }) => ran.length === 0 && result.includes("RUN_NOT_ALLOWED"))
    .map(({ attack }) => attack);

describe("the fixture itself", () => {
  test("moves the command of an agent without a rule, so its attacks are real ones", async () => {
    const run = await gateway.agent(
      "master",
      [EARLY, LATE]
        .map((plugin) => call("exec", { command: `: attack=${plugin},default,other,mac-cn; ${PROBE}` }))
        .join("\n"),
    );
    expect(run.results.map(machineOf)).toEqual(["mac-cn", "mac-cn"]);
  });
});

describe("without the guard", () => {
  test("a plugin whose hooks come before ours changes nothing, at any priority", async () => {
    for (const hook of HOOKS) {
      const outcomes = await attackWith(EARLY, hook, SOME);
      expectHeld(outcomes);
      expect(outcomes.filter(({ ran }) => ran.length === 0)).toEqual([]);
    }
  });

  test("a plugin registered after ours changes nothing at any priority that can be compared", async () => {
    for (const hook of HOOKS.filter((name) => !["infinite", "nan"].includes(name))) {
      expectHeld(await attackWith(LATE, hook, SOME));
    }
  });

  test("a plugin whose hook is the last of all gets its command refused, and nothing runs anywhere", async () => {
    for (const hook of ["infinite", "nan"]) {
      const outcomes = await attackWith(LATE, hook, ATTACKS);
      expectHeld(outcomes);
      // Not "it ran on mac-sg all the same": then the hook would not have been the last, and this test void.
      expect(refused(outcomes)).toEqual(
        [...TO_GATEWAY, "other"].map((attack) => `${LATE} ${hook} ${attack}`),
      );
    }
  });

  test("a call inside tool_call is held as well", async () => {
    const outcomes = await attackWith(LATE, "infinite", [...TO_GATEWAY, "other"], (command) =>
      callAny("exec", { command }),
    );
    expectHeld(outcomes);
    expect(refused(outcomes)).toHaveLength(outcomes.length);
  });

  test("a refused command is no mismatch: nothing is said to have run on another machine", () => {
    expect(gateway.log()).not.toContain("NODE_MISMATCH");
  });

  test("a plugin that overwrites the variables our gate is known to use does not open it", async () => {
    const env = { NODE_ROUTER_REFUSED: "no", NODE_ROUTER_REFUSED_BULK: "no" };
    await changeConfig(gateway, (config) =>
      merge(config, { plugins: { entries: { [LATE]: { config: { env } } } } }),
    );
    try {
      const outcomes = await attackWith(LATE, "infinite", [...TO_GATEWAY, "other"]);
      expectHeld(outcomes);
      expect(refused(outcomes)).toHaveLength(outcomes.length);
    } finally {
      await changeConfig(gateway, (config) =>
        merge(config, { plugins: { entries: { [LATE]: { config: {} } } } }),
      );
    }
  });
});

describe("with the guard", () => {
  beforeAll(async () => {
    await changeConfig(gateway, (config) =>
      merge(config, { agents: { entries: { "worker-sg": { tools: { exec: { host: "node" } } } } } }),
    );
  });

  test("the last hook is refused by the host itself, and a placed call runs as before", async () => {
    const outcomes = await attackWith(LATE, "infinite", ATTACKS);
    expectHeld(outcomes);
    const byHost = outcomes.filter(({ result }) => result.includes("exec host not allowed"));
    expect(byHost.map(({ attack }) => attack.split(" ").at(-1))).toEqual(
      expect.arrayContaining(TO_GATEWAY.filter((name) => name.startsWith("gateway"))),
    );
    expect(outcomes.filter(({ ran }) => ran.includes("gateway") || ran.includes("mac-cn"))).toEqual([]);
  });
});

test("no command of the whole file left a mark on a wrong machine", () => {
  const marks = readdirSync(scratch, { recursive: true, encoding: "utf8" }).filter((name) =>
    /marks-.*\./.test(name),
  );
  expect(marks.length).toBeGreaterThan(HOOKS.length * SOME.length);
  expect(marks.filter((name) => !name.endsWith(".mac-sg"))).toEqual([]);
  expect(existsSync(join(scratch, EARLY))).toBe(true);
});
