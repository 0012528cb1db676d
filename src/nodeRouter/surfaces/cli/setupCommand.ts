// `openclaw node-router add` and `join`: asks the person, runs the steps against the gateway, and tells how it went.
import { validCountry } from "../../../shared/countries.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { ExplainReport } from "../../explain/report.ts";
import { addSteps, onlySsh } from "../../setup/addSteps.ts";
import { joinSteps, tunnelEntry } from "../../setup/joinSteps.ts";
import { runSetup, type SetupReport } from "../../setup/runSetup.ts";
import type { SetupContext, SetupPlace, SetupTalk } from "../../setup/setupContext.ts";
import type { PlaceGuess, SetupGateway } from "../../setup/setupGateway.ts";
import { readTarget } from "../../setup/setupTarget.ts";
import type { SetupWishes } from "../../setup/wantedEntry.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import type { GuardReport } from "../methods/methods.ts";
import type { TrustReport } from "../methods/sshMethods.ts";
import { cannotAsk } from "./consent.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { pairingOf, portOf, printJoin } from "./joinPrint.ts";
import { EXIT_FINDING, EXIT_OK, EXIT_USAGE, type Output } from "./output.ts";
import { agentLine, slowLine, stepLine, undoneLines } from "./setupText.ts";
import { trustText } from "./sshText.ts";
import type { Terminal } from "./terminal.ts";

/** As commander hands them over. */
export interface SetupOptions {
  /** What stands behind the command. */
  readonly node?: string | undefined;
  readonly name?: string | undefined;
  readonly country?: string | undefined;
  readonly city?: string | undefined;
  readonly tags?: string | undefined;
  readonly agents?: string | undefined;
  readonly workspace?: string | undefined;
  readonly identity?: string | undefined;
  readonly hostKey?: string | undefined;
  /** Of `join`. */
  readonly tunnelPort?: string | undefined;
  /** `--no-service` makes it false. */
  readonly service?: boolean | undefined;
  readonly print?: boolean | undefined;
  readonly yes?: string | boolean | undefined;
  readonly json?: boolean | undefined;
  readonly output?: string | undefined;
}

/** What `add` and `join` print as JSON. */
export interface SetupResult extends SetupReport {
  readonly node: string;
  /** Of each agent that was named: whether its exec can be placed there, in the words of `explain`. */
  readonly agents: readonly { readonly agent: string; readonly fits: boolean; readonly message: string }[];
  /** What the doctor finds of this node; empty where the set-up did not come to its end. */
  readonly findings: DoctorReport["findings"];
}

/** A step that takes longer says that it is at work. */
const SLOW_MS = 2_000;
/** SSH may take its time, and installing takes half a minute. */
const LONG_MS = 240_000;

/** What is wrong with how the command was called; null when nothing is. */
export function setupUsageProblem(command: string, options: SetupOptions, canAsk: boolean): string | null {
  const { node = "", name, country, city, yes, workspace } = options;
  if (node.trim() === "")
    return `${command} needs a machine: openclaw node-router ${command} [user@]host[:port]`;
  const target = readTarget(node, name?.trim() ?? null);
  if (typeof target === "string") return target;
  if (country !== undefined && !validCountry(country.toUpperCase())) {
    return `--country takes two letters such as SG (ISO 3166-1), not ${quote(country)}`;
  }
  if (portOf(options) === null)
    return `--tunnel-port takes a port from 1 to 65535, not ${quote(options.tunnelPort ?? "")}`;
  if (options.print === true) return null;
  if (city !== undefined && country === undefined) return "--city needs --country";
  if (workspace !== undefined && !workspace.startsWith("/")) {
    return `--workspace takes an absolute directory on the node, not ${quote(workspace)}`;
  }
  return yes === true ? null : cannotAsk(command, options, canAsk);
}

/** The exit code: 0 when the machine is a node and every agent that was named can be placed there. */
export async function runSetupCommand(
  command: "add" | "join",
  options: SetupOptions,
  ask: AskGateway,
  out: Output,
  machine: Terminal,
): Promise<number> {
  const target = readTarget(options.node ?? "", options.name?.trim() ?? null);
  if (typeof target === "string") {
    out.fail(target);
    return EXIT_USAGE;
  }
  const { json = false } = options;
  if (options.print === true) return printJoin(target.node, options, ask, out);
  const wishes = wishesOf(options);
  const tunnelPort = command === "join" ? portOf(options) : null;
  let slow: NodeJS.Timeout | undefined;
  const asks = out.question;
  // Not into a line that a person is typing.
  const question =
    asks === undefined
      ? undefined
      : (text: string) => {
          clearTimeout(slow);
          return asks(text);
        };
  const context: SetupContext = {
    target,
    wishes,
    gateway: gatewayOf(ask),
    talk: talkOf(options, { ...out, ...(question === undefined ? {} : { question }) }, json),
    guard: (agents, write) => guardOf(ask, agents, write),
    stop: machine.stop,
    sleep: machine.sleep,
    tunnelPort,
    more:
      tunnelPort === null
        ? onlySsh
        : (look) => tunnelEntry(look, options.tunnelPort === undefined ? null : tunnelPort),
  };
  const steps =
    tunnelPort === null
      ? addSteps(context)
      : joinSteps(context, { pairing: pairingOf(ask), tunnelPort, service: options.service !== false });
  const report = await runSetup(steps, {
    stop: machine.stop,
    now: machine.now,
    begins: (step) => {
      if (!json) slow = setTimeout(() => out.print(slowLine(step)), SLOW_MS).unref();
    },
    ended: (step) => {
      clearTimeout(slow);
      if (!json) out.print(stepLine(step, out.columns));
    },
    undoing: () =>
      json ? undefined : out.fail("taking back what was begun; Ctrl-C once more leaves it as it is"),
  });
  const agents = report.ok ? await placements(ask, target.node, wishes.agents) : [];
  const findings = report.ok ? await findingsOf(ask, target.node) : [];
  const result: SetupResult = { ...report, node: target.node, agents, findings };
  if (json) out.data(result);
  else {
    for (const line of undoneLines(report, out.columns)) out.fail(line);
    for (const agent of agents) out.print(agentLine(agent, out.columns));
    for (const { severity, message, fix } of findings) out.print(safe(`${severity}: ${message}; ${fix}`));
    if (report.ok) out.print(safe(`node ${quote(target.node)} is set up (${command})`));
  }
  if (report.problem !== null) out.fail(safe(report.problem));
  return report.ok && agents.every(({ fits }) => fits) ? EXIT_OK : EXIT_FINDING;
}

function wishesOf(options: SetupOptions): SetupWishes {
  const list = (text: string | undefined) => (text ?? "").split(",").flatMap((part) => part.trim() || []);
  const text = (value: string | undefined) => value?.trim() || null;
  return {
    country: text(options.country)?.toUpperCase() ?? null,
    city: text(options.city),
    tags: list(options.tags),
    agents: list(options.agents),
    workspace: text(options.workspace),
    identityFile: text(options.identity),
  };
}

function gatewayOf(ask: AskGateway): SetupGateway {
  const setup = <T>(op: string, params: Record<string, unknown>) =>
    ask<T>("noderouter.setup", { op, ...params }, LONG_MS);
  return {
    look: (node, agents, device) =>
      setup("look", { node, agents, ...(device === undefined ? {} : { device }) }),
    plan: (change) => setup("plan", { change }),
    write: async (change) => (await setup<{ values: [] }>("write", { change })).values,
    takeBack: async (values) => (await setup<{ left: string[] }>("takeBack", { values })).left,
    trust: ({ change }, fingerprint) =>
      setup("trust", { change, ...(fingerprint === null ? {} : { fingerprint }) }),
    probe: ({ change }) => setup("probe", { change }),
    guess: async ({ change }, facts) =>
      (await setup<{ guess: PlaceGuess | null }>("guess", { change, facts })).guess,
    keyLine: async ({ change }, tunnelPort) =>
      (await setup<{ line: string | null }>("keyLine", { change, tunnelPort })).line,
    onNode: ({ change }, task, args = [], input = "") => setup("task", { change, task, args, input }),
  };
}

async function guardOf(
  ask: AskGateway,
  agents: readonly string[],
  write: boolean,
): ReturnType<SetupContext["guard"]> {
  const report = await ask<GuardReport>(write ? "noderouter.guard" : "noderouter.guardPlan", { agents });
  return {
    changes: report.agents.flatMap(({ changes }) =>
      changes.map(
        ({ path, value, current }) =>
          `${path}: ${String(value ?? "(unset)")} (now ${String(current ?? "unset")})`,
      ),
    ),
    notes: report.agents.flatMap(({ agent, state, note }) =>
      state === "impossible" && note !== null ? [`${agent}: ${note}`] : [],
    ),
  };
}

/** With `--yes` nobody is asked: what only a person can say is then left out, or was said in an option. */
function talkOf({ hostKey, yes, city }: SetupOptions, out: Output, json: boolean): SetupTalk {
  const question = yes === true ? undefined : out.question;
  const show = (text: string) => (json ? undefined : out.print(text));
  return {
    async hostKey(report: TrustReport) {
      if (hostKey !== undefined) return hostKey.trim();
      if (question === undefined) return null;
      show(trustText(report));
      show(
        "\nThis is not proof of who answers: compare a fingerprint with the machine's own (on it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub).",
      );
      const [first] = report.keys;
      const answer = (
        await question(`Type the fingerprint, or "yes" for ${first?.fingerprint ?? "it"}: `)
      ).trim();
      if (/^(n|no)?$/i.test(answer)) return null;
      return /^y(es)?$/i.test(answer) ? (first?.fingerprint ?? null) : answer;
    },
    async place(guess: PlaceGuess | null): Promise<SetupPlace | null> {
      if (question === undefined) return null;
      const like = guess === null ? "" : `a guess is ${guess.country}, from ${guess.why}: "yes" for that; `;
      for (;;) {
        const answer = (
          await question(`In which country is the machine? (${like}two letters; nothing: not said) `)
        ).trim();
        if (answer === "") return null;
        const country = /^y(es)?$/i.test(answer) ? guess?.country : answer.toUpperCase();
        if (country !== undefined && validCountry(country)) return { country, city: city ?? null };
        show(`${quote(answer)} is no country's code`);
      }
    },
    async change(lines) {
      for (const line of lines) show(`  ${safe(line)}`);
      if (yes === true) return true;
      return question !== undefined && /^y(es)?$/i.test((await question("Write that? [y/N] ")).trim());
    },
  };
}

/** Where the rules would put each agent; one that cannot be told is no fit. */
function placements(
  ask: AskGateway,
  node: string,
  agents: readonly string[],
): Promise<SetupResult["agents"]> {
  return Promise.all(
    agents.map(async (agent) => {
      const { candidates, message } = await ask<ExplainReport>("noderouter.explain", { agent, tool: "exec" });
      return {
        agent,
        fits: candidates.some((candidate) => candidate.node === node && candidate.fits),
        message,
      };
    }),
  );
}

async function findingsOf(ask: AskGateway, node: string): Promise<DoctorReport["findings"]> {
  const { findings } = await ask<DoctorReport>("noderouter.doctor", {});
  return findings.filter(({ severity, message }) => severity !== "info" && message.includes(quote(node)));
}
