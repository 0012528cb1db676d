// `join`: a machine with SSH becomes a paired, approved node with this plugin, behind a tunnel that the gateway keeps.
import { isErrorCode } from "../../shared/errorCatalogue.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { coded, type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import {
  changeStep,
  gatewayStep,
  guardStep,
  loginStep,
  placeStep,
  trustStep,
  waitFor,
} from "./commonSteps.ts";
import { saidBy } from "./saidBy.ts";
import { changeOfSetup, draftOf, newSetupState, type SetupContext, type SetupState } from "./setupContext.ts";
import type { SetupLook } from "./setupGateway.ts";
import { acted, done, failed, impossible, type SetupStep, todo } from "./setupStep.ts";

/** The host's own pairing, with the rights of whoever runs the command. */
export interface SetupPairing {
  /**
   * What `openclaw connect` takes: secret, used once, for ten minutes.
   * @param publicUrl where the node finds the gateway.
   */
  code(publicUrl: string): Promise<{ readonly setupId: string; readonly target: string }>;
  /** Id of the device that used it; null: none has yet. */
  usedBy(setupId: string): Promise<string | null>;
  remove(deviceId: string): Promise<void>;
}

export interface JoinWishes {
  readonly pairing: SetupPairing;
  /** On the node's 127.0.0.1, where the config does not say. */
  readonly tunnelPort: number;
  /** The node host is kept by systemd or launchd; false: it runs until the machine restarts. */
  readonly service: boolean;
}

/** What this run has found on the node, beside what every set-up finds. */
interface JoinState {
  /** Version of this plugin there; null: it is not installed. */
  plugin: string | null;
  /** This run has installed it. */
  isFresh: boolean;
  /** Device id of the node host; null: it has none yet. */
  device: string | null;
}

const TUNNEL_MS = 45_000;
const PAIRED_MS = 90_000;
/** OpenClaw's own, where tunnels go when nothing else is said. */
export const USUAL_PORT = 18_789;

/** In their order. The config comes before the tunnel, which the gateway keeps by it. */
export function joinSteps(context: SetupContext, wishes: JoinWishes): readonly SetupStep[] {
  const state = newSetupState();
  const found: JoinState = { plugin: null, isFresh: false, device: null };
  const id = `plugins.entries.node-router.config.nodes.${context.target.node}.node: the id that it is paired by`;
  return [
    gatewayStep(context, state),
    trustStep(context, state),
    loginStep(context, state),
    openclawStep(context, state, found, wishes),
    placeStep(context, state),
    changeStep("config", context, () => changeOfSetup(context, state), [id]),
    folderStep(context, state),
    tunnelStep(context),
    packageStep(context, state, found),
    pairStep(context, state, found, wishes),
    changeStep("name", context, () => nameOf(context, found), null),
    guardStep(context),
  ];
}

/**
 * What is in the entry of a node behind a tunnel, and not in that of every node.
 * @param asked the port that a person named; null: the one that is there already, else the usual one.
 */
export function tunnelEntry({ entry }: SetupLook, asked: number | null): Readonly<Record<string, unknown>> {
  const present = isRecord(entry?.ssh) ? (entry.ssh.tunnel ?? false) : false;
  if (asked === null && present !== false) return {};
  return { ssh: { tunnel: asked === null || asked === USUAL_PORT ? true : { port: asked } } };
}

function nameOf({ target }: SetupContext, { device }: JoinState) {
  return { node: target.node, entry: device === null ? {} : { node: device }, rule: null };
}

function openclawStep(
  context: SetupContext,
  state: SetupState,
  found: JoinState,
  { service }: JoinWishes,
): SetupStep {
  const { gateway, target } = context;
  return {
    name: "openclaw",
    async look() {
      const answer = await gateway.onNode(draftOf(context, state), "openclaw");
      if (!answer.ok) return impossible(onNodeFailed(target.node, "could not be looked at", answer.problem));
      const said = saidBy(answer.stdout);
      const version = /\d{4}\.\d+\.\d+[\w.-]*/.exec(said.get("version") ?? "")?.[0];
      if (version === undefined) {
        return impossible(
          refusal("SETUP_FAILED", `on node ${quote(target.node)} the login's shell finds no openclaw`, {
            advice: `Install it there (Node 24.16 or later): npm install -g openclaw@${state.look?.openclaw ?? "latest"}. Then run the same command again`,
          }),
        );
      }
      found.plugin = said.get("plugin") ?? null;
      const keeper = said.get("service") ?? "none";
      if (service && keeper === "none") {
        return impossible(
          refusal(
            "SETUP_FAILED",
            `node ${quote(target.node)} has no systemd of the user and no launchd, which would keep the node host`,
            {
              advice:
                "On Linux sudo loginctl enable-linger <login> may bring it; or run the same command with --no-service, and the node host runs until the machine restarts",
            },
          ),
        );
      }
      return done(`OpenClaw ${safe(version)}${service ? `, kept by ${safe(keeper)}` : ""}`);
    },
    act: async () => acted(""),
  };
}

/** Over SSH the workspace is made on first use; a node host refuses a command whose folder is not there. */
function folderStep(context: SetupContext, state: SetupState): SetupStep {
  const { gateway, target } = context;
  let made: string | null = null;
  const workspace = async () => {
    const { entry } = await gateway.look(target.node, []);
    return typeof entry?.workspace === "string" ? entry.workspace : null;
  };
  const ask = (folder: string, what: "look" | "make" | "remove") =>
    gateway.onNode(draftOf(context, state), "folder", [folder, what]);
  return {
    name: "folder",
    async look() {
      const folder = await workspace();
      if (folder === null) return done("no workspace is configured");
      const { stdout } = await ask(folder, "look");
      return saidBy(stdout).has("folder") ? done(`${safe(folder)} is there`) : todo;
    },
    async act() {
      made = await workspace();
      const answer = await ask(made ?? "", "make");
      if (!answer.ok)
        return failed(onNodeFailed(target.node, "the workspace could not be made", answer.problem));
      return acted(`${safe(made ?? "")} made`);
    },
    async undo() {
      if (made === null || !saidBy((await ask(made, "look")).stdout).has("folder")) return null;
      const answer = await ask(made, "remove");
      if (!answer.ok) throw new Error(answer.problem ?? "no answer");
      return `${safe(made)} was removed there`;
    },
  };
}

/** The gateway keeps it by the config; here is only waited. */
function tunnelStep(context: SetupContext): SetupStep {
  const { gateway, target } = context;
  const look = async () => (await gateway.look(target.node, [])).tunnel;
  return {
    name: "tunnel",
    async look() {
      const tunnel = await look();
      return tunnel?.state === "up" ? done(`127.0.0.1:${tunnel.port} there leads to the gateway`) : todo;
    },
    async act() {
      let last: SetupLook["tunnel"] = null;
      const isSettled = await waitFor(context, TUNNEL_MS, async () => {
        last = (await look()) ?? last;
        return last?.state === "up" || last?.state === "blocked";
      });
      const { tunnel } = await gateway.look(target.node, []);
      if (isSettled && tunnel?.state === "up")
        return acted(`127.0.0.1:${tunnel.port} there leads to the gateway`);
      const why = tunnel?.reason ?? `it did not come up within ${TUNNEL_MS / 1000} s`;
      const code = tunnel?.code ?? null;
      return failed(isErrorCode(code) ? coded(code, why) : refusal("SETUP_FAILED", `the tunnel: ${why}`));
    },
  };
}

/** This plugin on the node, before its first connect: what it brings is then approved with all the rest. */
function packageStep(context: SetupContext, state: SetupState, found: JoinState): SetupStep {
  const { gateway, target } = context;
  let isBegun = false;
  return {
    name: "plugin",
    async look() {
      const version = state.look?.version ?? "";
      return found.plugin === version ? done(`node-router ${version} is installed`) : todo;
    },
    async act() {
      isBegun = true;
      const answer = await gateway.onNode(draftOf(context, state), "install");
      if (!answer.ok)
        return failed(onNodeFailed(target.node, "the plugin could not be installed", answer.problem));
      found.isFresh = true;
      return acted(
        `node-router ${state.look?.version ?? ""} installed${found.plugin === null ? "" : `, before it was ${safe(found.plugin)}`}`,
      );
    },
    async undo() {
      // Another version that was there is not brought back: nobody has its package.
      if (!isBegun || found.plugin !== null) return null;
      const answer = await gateway.onNode(draftOf(context, state), "uninstall");
      if (!answer.ok) throw new Error(answer.problem ?? "no answer");
      return "the plugin was uninstalled there";
    },
  };
}

function pairStep(context: SetupContext, state: SetupState, found: JoinState, wishes: JoinWishes): SetupStep {
  const { gateway, target } = context;
  const { pairing, tunnelPort, service } = wishes;
  const how = service ? "service" : "foreground";
  /** Of this run; null: none. */
  let setupId: string | null = null;
  let wasPaired = false;
  const pairedAs = async (device: string) =>
    (await gateway.look(target.node, [], device)).paired.find(({ id }) => id === device) ?? null;
  const isUsable = async (device: string) => {
    const paired = await pairedAs(device);
    return paired?.connected === true && paired.approved && paired.exec;
  };
  return {
    name: "pair",
    async look() {
      const { stdout } = await gateway.onNode(draftOf(context, state), "identity");
      const device = saidBy(stdout).get("device") ?? "";
      if (!/^[0-9a-f]{64}$/.test(device)) return todo;
      wasPaired = (await pairedAs(device)) !== null;
      if (!(await isUsable(device))) return todo;
      found.device = device;
      // A node host loads plugins at its start, and what a new one brings waits for an approval.
      const late = found.isFresh
        ? `; the plugin counts after "openclaw node restart" there and "openclaw nodes approve" here`
        : "";
      return done(`connected as ${device.slice(0, 12)}…${late}`);
    },
    async act() {
      const port = (await gateway.look(target.node, [])).tunnel?.port ?? tunnelPort;
      const code = await pairing.code(`http://127.0.0.1:${port}`);
      setupId = code.setupId;
      const answer = await gateway.onNode(
        draftOf(context, state),
        "connect",
        [target.node, how],
        code.target,
      );
      if (!answer.ok) return failed(onNodeFailed(target.node, "openclaw connect failed", answer.problem));
      const isPaired = await waitFor(context, PAIRED_MS, async () => {
        found.device ??= await pairing.usedBy(code.setupId);
        return found.device !== null && (await isUsable(found.device));
      });
      if (!isPaired || found.device === null) {
        const fact = `node ${quote(target.node)} did not come to the gateway within ${PAIRED_MS / 1000} s`;
        return failed(refusal("SETUP_FAILED", fact, { advice: logAdvice(saidBy(answer.stdout).get("log")) }));
      }
      const id = `paired and approved as ${found.device.slice(0, 12)}…`;
      return acted(service ? id : `${id}; after a restart of the machine: ${runLine(target.node, port)}`);
    },
    async undo() {
      if (setupId === null || wasPaired) return null;
      const answer = await gateway.onNode(draftOf(context, state), "disconnect", [target.node, how]);
      const device = found.device ?? (await pairing.usedBy(setupId));
      if (device !== null) await pairing.remove(device);
      if (!answer.ok) throw new Error(answer.problem ?? "no answer");
      return device === null
        ? "the node host was ended there"
        : "the node host was ended there, and its pairing removed";
    },
  };
}

/** How the node host is started again where no service does. */
function runLine(node: string, port: number): string {
  return `openclaw node run --host 127.0.0.1 --port ${port} --display-name ${node}`;
}

function logAdvice(log: string | undefined): string {
  return log === undefined ? "See openclaw node status there" : `See ${safe(log)} there`;
}

function onNodeFailed(node: string, what: string, problem: string | null): Refusal {
  return refusal("SETUP_FAILED", `on node ${quote(node)} ${what}: ${problem ?? "it did not say why"}`);
}
