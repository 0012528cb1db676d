// `trust` and `probe` in a terminal: what is asked, what is recorded, and the exit codes.
import { describe, expect, test } from "vitest";
import { type CommandOptions, runCommand } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import type { ProbeReport, TrustReport } from "../../../../src/nodeRouter/surfaces/methods/sshMethods.ts";
import { displayWidth } from "../../../../src/shared/displayWidth.ts";
import { MACHINE, run } from "./arrange.ts";

const FINGERPRINT = `SHA256:${"A".repeat(43)}`;
const OTHER = `SHA256:${"B".repeat(43)}`;
const OFFERED: TrustReport = {
  node: "mac-sg",
  jumpHost: null,
  address: "claw@mac-sg",
  name: "mac-sg",
  keys: [
    { type: "ssh-ed25519", bits: null, fingerprint: FINGERPRINT, state: "unknown", source: null },
    { type: "ssh-rsa", bits: 3072, fingerprint: OTHER, state: "unknown", source: null },
  ],
  tailscale: "Tailscale is not installed",
  file: "/home/gateway/.ssh/known_hosts",
  recorded: null,
  problem: null,
};

interface Trusted {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Parameters of every request. */
  readonly asked: readonly Record<string, unknown>[];
  readonly questions: readonly string[];
}

/** @param answer what the person types; absent: there is no terminal. */
async function trust(
  options: CommandOptions,
  report: TrustReport = OFFERED,
  answer?: string,
): Promise<Trusted> {
  const [stdout, stderr, questions]: [string[], string[], string[]] = [[], [], []];
  const asked: Record<string, unknown>[] = [];
  const code = await runCommand(
    "trust",
    { node: "mac-sg", ...options },
    async <T>(_: string, params: Record<string, unknown>) => {
      asked.push(params);
      const isKnown = report.keys.some(({ fingerprint }) => fingerprint === params.fingerprint);
      const result =
        params.fingerprint === undefined
          ? report
          : isKnown
            ? { ...report, recorded: params.fingerprint }
            : { ...report, problem: "HOST_KEY_UNKNOWN: not offered" };
      return result as T;
    },
    {
      print: (text) => void stdout.push(text),
      fail: (text) => void stderr.push(text),
      question:
        answer === undefined
          ? undefined
          : async (text) => {
              questions.push(text);
              return answer;
            },
    },
    MACHINE,
  );
  return { code, stdout: stdout.join("\n"), stderr: stderr.join("\n"), asked, questions };
}

const withState = (state: "trusted" | "changed" | "revoked"): TrustReport => ({
  ...OFFERED,
  keys: OFFERED.keys.map((key, index) => (index === 0 ? { ...key, state, source: "/kh:3" } : key)),
});

describe("trust", () => {
  test("shows type, fingerprint and state of every key, and what Tailscale says", async () => {
    const { stdout } = await trust({});
    expect(stdout).toBe(`node mac-sg · claw@mac-sg · known_hosts name mac-sg

TYPE                 FINGERPRINT                                         STATE
ssh-ed25519          ${FINGERPRINT}  not known
ssh-rsa (3072 bits)  ${OTHER}  not known

Tailscale: Tailscale is not installed`);
    for (const line of stdout.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(100);
  });

  test.each([
    ["yes", FINGERPRINT],
    ["YES ", FINGERPRINT],
    [FINGERPRINT, FINGERPRINT],
    [OTHER, OTHER],
  ])("a person who types %j records that key", async (answer, expected) => {
    const ran = await trust({}, OFFERED, answer);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(ran.asked).toEqual([{ node: "mac-sg" }, { node: "mac-sg", fingerprint: expected }]);
    expect(ran.questions).toEqual([`Type the fingerprint, or "yes" for ${FINGERPRINT}: `]);
    expect(ran.stdout).toContain("compare a fingerprint with the machine's own");
    expect(ran.stdout).toContain(`recorded ${expected} in /home/gateway/.ssh/known_hosts`);
  });

  test.each(["", "n", "No", "  "])("a person who types %j records nothing", async (answer) => {
    const ran = await trust({}, OFFERED, answer);
    expect([ran.code, ran.stderr]).toEqual([1, "nothing was recorded"]);
    expect(ran.asked).toEqual([{ node: "mac-sg" }]);
  });

  test("a person who types something else records nothing, and is told why", async () => {
    const ran = await trust({}, OFFERED, "SHA256:x");
    expect([ran.code, ran.stderr]).toEqual([1, "HOST_KEY_UNKNOWN: not offered"]);
    expect(ran.stdout).not.toContain("recorded");
  });

  test("without a terminal it shows the keys, records nothing and says how to", async () => {
    const ran = await trust({});
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /^nothing was recorded: compare .* then run "openclaw node-router trust mac-sg --yes <fingerprint>"$/,
    );
    expect(ran.asked).toEqual([{ node: "mac-sg" }]);
  });

  test("--yes asks nobody: the gateway records it, or says that it is not offered", async () => {
    const right = await trust({ yes: OTHER }, OFFERED, "no");
    expect([right.code, right.stderr, right.questions]).toEqual([0, "", []]);
    expect(right.asked).toEqual([{ node: "mac-sg", fingerprint: OTHER }]);
    const wrong = await trust({ yes: `SHA256:${"x".repeat(43)}` });
    expect([wrong.code, wrong.stderr]).toEqual([1, "HOST_KEY_UNKNOWN: not offered"]);
    expect(wrong.stdout).toContain(FINGERPRINT);
  });

  test("a node that is trusted already is 0, and nobody is asked", async () => {
    const ran = await trust({}, withState("trusted"), "yes");
    expect([ran.code, ran.stderr, ran.questions]).toEqual([0, "", []]);
    expect(ran.stdout).toContain("ssh-ed25519: trusted · /kh:3");
  });

  test.each(["changed", "revoked"] as const)(
    "a key that is %s is an alarm, and no answer gets past it",
    async (state) => {
      const ran = await trust({}, withState(state), "yes");
      expect([ran.code, ran.questions]).toEqual([1, []]);
      expect(ran.stderr).toMatch(
        new RegExp(`^HOST_KEY_${state.toUpperCase()}: node "mac-sg" offers ssh-ed25519 .*/kh:3`),
      );
      expect(ran.asked).toEqual([{ node: "mac-sg" }]);
    },
  );

  test("a key of a jump host is called that, and trust says that the node is still to come", async () => {
    const ran = await trust({}, { ...OFFERED, jumpHost: "bastion" }, "yes");
    expect(ran.stdout).toContain("jump host bastion on the way to node mac-sg");
    expect(ran.stdout).toMatch(/run "openclaw node-router trust mac-sg" again for what is behind it\.$/);
  });

  test("--json prints one document on stdout, and never asks", async () => {
    for (const options of [{ json: true }, { json: true, yes: FINGERPRINT }]) {
      const ran = await trust(options, OFFERED, "yes");
      expect(JSON.parse(ran.stdout)).toMatchObject({ node: "mac-sg" });
      expect(ran.questions).toEqual([]);
    }
  });

  test("names from outside cannot repaint the terminal", async () => {
    const ran = await trust(
      {},
      { ...OFFERED, jumpHost: "evil\u001b[2J\u202e", tailscale: "a\u0007b" },
      "yes",
    );
    expect(ran.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  });
});

const STEPS: ProbeReport["steps"] = [
  { host: "mac-sg", name: "settings", ok: true, ms: 1.2, detail: "claw@mac-sg" },
  { host: "mac-sg", name: "tcp", ok: true, ms: 71.25, detail: "port 22" },
];

describe("probe", () => {
  test("each step with its time; 0 when all is well", async () => {
    const report: ProbeReport = { node: "mac-sg", way: "claw@mac-sg", ok: true, steps: STEPS, problem: null };
    const ran = await run("probe", { node: "mac-sg" }, () => report);
    expect(ran).toEqual({
      code: 0,
      stderr: "",
      asked: ['noderouter.probe {"node":"mac-sg"}'],
      stdout: `node mac-sg · claw@mac-sg

STEP      RESULT  MS    DETAIL
settings  ok      1.2   claw@mac-sg
tcp       ok      71.3  port 22

ok in 72.5 ms`,
    });
  });

  test("the step that failed, its reason in full, and 1; the machines are named when there are several", async () => {
    const problem = "AUTH_FAILED: x";
    const steps = [...STEPS, { host: "bastion", name: "auth" as const, ok: false, ms: 3, detail: problem }];
    const report: ProbeReport = { node: "mac-sg", way: "a > b", ok: false, steps, problem };
    const ran = await run("probe", { node: "mac-sg" }, () => report);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^HOST {5}STEP {6}RESULT/m);
    expect(ran.stdout).toMatch(/^bastion {2}auth {6}FAILED {2}3\.0 {3}-$/m);
    expect(ran.stdout).toMatch(/\n\nFAILED in 75\.5 ms\n\nAUTH_FAILED: x$/);
    expect(JSON.parse((await run("probe", { node: "mac-sg", json: true }, () => report)).stdout)).toEqual(
      report,
    );
  });
});

test.each(["trust", "probe"] as const)(
  "%s without a node is wrong usage: 2, and nobody is asked",
  async (name) => {
    for (const node of [undefined, "", " "]) {
      const ran = await run(name, { node }, () => OFFERED);
      expect(ran).toEqual({
        code: 2,
        stdout: "",
        stderr: `${name} needs a node: openclaw node-router ${name} <node>`,
        asked: [],
      });
    }
  },
);
