// `openclaw node-router peers invite` and `peers join`: asks the person, runs the steps, and tells how it went.
import { formatPath } from "../../../config/problems/path.ts";
import { validCountry } from "../../../shared/countries.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { parseSpan } from "../../../shared/timeSpan.ts";
import type { Joined, JoinLook } from "../../setup/peers/joinPeer.ts";
import type { InviteLook, MadeInvite } from "../../setup/peers/makeInvite.ts";
import { inviteSteps, type PeerStepContext, peerJoinSteps } from "../../setup/peers/peerSteps.ts";
import { runSetup, type SetupReport } from "../../setup/runSetup.ts";
import type { SetupStep } from "../../setup/setupStep.ts";
import type { PeerReport } from "../reports/peersReport.ts";
import { cannotAsk } from "./consent.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { EXIT_FINDING, EXIT_OK, type Output } from "./output.ts";
import type { SetupOptions } from "./setupCommand.ts";
import { stepLine, undoneLines } from "./setupText.ts";
import type { Terminal } from "./terminal.ts";

/** As commander hands them over; `node` is what is to be done. */
export interface PeerSetupOptions extends SetupOptions {
  /** Name of the invited peer, or the line of an invitation. */
  readonly id?: string | undefined;
  readonly for?: string | undefined;
  readonly peerUrl?: string | undefined;
  readonly ssh?: string | undefined;
  readonly sshPort?: string | undefined;
  readonly host?: string | undefined;
}

/** What `peers invite` and `peers join` print as JSON. */
export interface PeerSetupResult extends SetupReport {
  /** Of `invite`, and secret until it is used; null: there is none. */
  readonly line: string | null;
  /** ISO 8601. */
  readonly expires: string | null;
}

/** SSH may take its time, and a gateway that reloads as well. */
const LONG_MS = 240_000;

/** What is wrong with how it was called; null when nothing is. */
export function peerSetupProblem(options: PeerSetupOptions, canAsk: boolean): string | null {
  const { node: action, id, agents, country, yes, sshPort } = options;
  const command = `peers ${action}`;
  if (action === "invite") {
    if (!id?.trim())
      return "peers invite needs a name for the gateway that is invited: openclaw node-router peers invite <name>";
    if (!agents?.trim()) return "peers invite needs the agents that it may ask: --agents <list>";
    if (sshPort !== undefined && !/^[1-9]\d{0,4}$/.test(sshPort))
      return `--ssh-port takes a port, not ${quote(sshPort)}`;
  } else {
    if (!id?.trim()) return 'peers join needs the line of an invitation, or "-" to read it from stdin';
    if (country !== undefined && !validCountry(country.toUpperCase()))
      return `--country takes two letters such as SG (ISO 3166-1), not ${quote(country)}`;
  }
  const isPiped = action === "join" && id?.trim() === "-";
  return yes === true ? null : cannotAsk(command, options, canAsk && !isPiped);
}

/** @returns the exit code: 0 when all of it is done */
export async function runPeerSetup(
  options: PeerSetupOptions,
  ask: AskGateway,
  out: Output,
  machine: Terminal,
): Promise<number> {
  const { node: action, json = false, yes } = options;
  const show = (text: string) => (json ? undefined : out.print(text));
  const context: PeerStepContext = {
    stop: machine.stop,
    sleep: machine.sleep,
    async agree(lines) {
      for (const line of lines) show(`  ${safe(line)}`);
      if (yes === true) return true;
      const answer = (await out.question?.("Write that? [y/N] ")) ?? "";
      return /^y(es)?$/i.test(answer.trim());
    },
  };
  const setup = <T>(op: string, params: object) => ask<T>("noderouter.peerSetup", { op, ...params }, LONG_MS);
  const invites: MadeInvite[] = [];
  let joined = "";
  let steps: readonly SetupStep[];
  if (action === "invite") {
    const params = inviteParams(options);
    const peer = { peer: params.peer };
    const gateway = {
      look: () => setup<InviteLook>("inviteLook", params),
      make: () => setup<MadeInvite>("invite", params),
      takeBack: async () => (await setup<{ undone: readonly string[] }>("uninvite", peer)).undone,
      isOpen: async () => (await setup<{ isOpen: boolean }>("invited", peer)).isOpen,
    };
    steps = inviteSteps(context, gateway, (made) => invites.push(made));
  } else {
    const params = await joinParams(options);
    steps = peerJoinSteps(context, {
      async look() {
        const look = await setup<JoinLook>("joinLook", params);
        joined = look.peer;
        return look;
      },
      join: () => setup<Joined>("join", params),
      async problem(peer) {
        const report = await ask<PeerReport>("noderouter.probePeer", { peer });
        return report.state === "online" ? null : (report.why ?? `it is ${report.state}`);
      },
    });
  }
  const report = await runSetup(steps, {
    stop: machine.stop,
    now: machine.now,
    ended: (step) => show(stepLine(step, out.columns)),
    undoing: () => (json ? undefined : out.fail("taking back what was begun")),
  });
  const made = report.ok ? (invites[0] ?? null) : null;
  const result: PeerSetupResult = { ...report, line: made?.line ?? null, expires: made?.expires ?? null };
  if (json) out.data(result);
  else for (const line of undoneLines(report, out.columns)) out.fail(line);
  if (!json && report.ok)
    for (const line of lastWords(made === null ? joined : (options.id ?? "").trim(), made)) out.print(line);
  if (report.problem !== null) out.fail(safe(report.problem));
  return report.ok ? EXIT_OK : EXIT_FINDING;
}

function lastWords(peer: string, made: MadeInvite | null): readonly string[] {
  const unset = `to undo it: openclaw config unset ${formatPath(["peers", peer])}`;
  if (made === null) return [safe(`${unset}, and its node ${quote(`${peer}-ssh`)} where that was added`)];
  return [
    "on the other gateway, within that time; the line is a key, so show it to nobody else:",
    `openclaw node-router peers join ${made.line}`,
    safe(`${unset}, and take its line out of ~/.ssh/authorized_keys`),
  ];
}

function inviteParams({ id = "", agents, for: span, peerUrl, host, sshPort }: PeerSetupOptions) {
  return {
    peer: id.trim(),
    agents: listOf(agents),
    hosts: listOf(host),
    ...knownFields({ url: peerUrl?.trim() }),
    ...(span === undefined ? {} : { forMs: parseSpan(span.trim()) }),
    ...(sshPort === undefined ? {} : { sshPort: Number(sshPort) }),
  };
}

async function joinParams({ id = "", name, ssh, peerUrl, country, tags, agents }: PeerSetupOptions) {
  return {
    line: id.trim() === "-" ? await readLine() : id.trim(),
    tags: listOf(tags),
    agents: listOf(agents),
    ...knownFields({ name: name?.trim(), ssh: ssh?.trim(), url: peerUrl?.trim(), country: country?.trim() }),
  };
}

const listOf = (text = ""): readonly string[] => text.split(",").flatMap((part) => part.trim() || []);

/** More than any line has. Characters. */
const MAX_LINE = 16_384;

async function readLine(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > MAX_LINE) break;
  }
  return text;
}
