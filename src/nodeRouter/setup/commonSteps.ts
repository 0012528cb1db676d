// The steps that every set-up has: agents, host key, login, place, config, guard.
import { hasEnvReference } from "../../shared/envReference.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { withoutEnd } from "../../shared/withoutEnd.ts";
import type { TrustReport } from "../transports/ssh/connect/trust.ts";
import { type ConfigChange, changeText, type WrittenValue } from "./configChange.ts";
import { saidBy } from "./saidBy.ts";
import { changeOfSetup, draftOf, type SetupContext, type SetupState } from "./setupContext.ts";
import { acted, done, failed, impossible, type SetupStep, todo } from "./setupStep.ts";

/** The config is in force some seconds after it was written; a restart of the gateway takes longer. */
const IN_FORCE_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** Jump hosts, and the machine itself. */
const MAX_KEYS = 8;

/** What the gateway knows, and whether what was asked for makes sense there. */
export function gatewayStep(context: SetupContext, state: SetupState): SetupStep {
  const { target, wishes, gateway } = context;
  return {
    name: "gateway",
    async look() {
      const look = await gateway.look(target.node, wishes.agents);
      state.look = look;
      const unknown = look.agents.filter(({ exists }) => !exists).map(({ agent }) => quote(agent));
      if (unknown.length > 0) {
        return impossible(refusal("AGENT_UNKNOWN", `no agent ${unknown.join(", ")} is configured`));
      }
      const other = otherMachine(look.entry, target.node, target.host);
      if (other !== null) return impossible(other);
      const { problems } = await gateway.plan(changeOfSetup(context, state));
      if (problems.length > 0) {
        const fact = `the config would be wrong: ${problems.join("; ")}`;
        return impossible(refusal("SETUP_FAILED", fact, { nothingRan: "nothing was changed" }));
      }
      const known = look.entry === null ? "not in the config yet" : "in the config";
      return done(
        `OpenClaw ${look.openclaw}, node-router ${look.version}; node ${quote(target.node)} is ${known}`,
      );
    },
    act: nothingToDo,
  };
}

/** A name that stands for another machine already must not be led to this one by a slip. */
function otherMachine(entry: unknown, node: string, host: string): Refusal | null {
  if (host === node || !isRecord(entry) || !isRecord(entry.ssh)) return null;
  const present = entry.ssh.host ?? node;
  if (present === host) return null;
  return refusal(
    "SETUP_FAILED",
    `node ${quote(node)} is ${quote(String(present))} in the config, not ${quote(host)}`,
    {
      nothingRan: "nothing was changed",
      advice: "Give the machine another name with --name, or call it by the node's name",
    },
  );
}

/** A host key that somebody vouches for. What is recorded stays: a person has compared it. */
export function trustStep(context: SetupContext, state: SetupState): SetupStep {
  const { gateway, talk } = context;
  const offered = () => gateway.trust(draftOf(context, state), null);
  return {
    name: "trust",
    async look() {
      const report = await offered();
      const alarming = alarm(report);
      if (alarming !== null) return impossible(alarming);
      return report.jumpHost === null && isTrusted(report) ? done(vouchedFor(report)) : todo;
    },
    async act() {
      let report = await offered();
      for (let round = 0; round < MAX_KEYS; round++) {
        const alarming = alarm(report);
        if (alarming !== null) return failed(alarming);
        if (isTrusted(report)) {
          if (report.jumpHost === null) return acted(vouchedFor(report));
        } else {
          const fingerprint = await talk.hostKey(report);
          if (fingerprint === null) return failed(notVouchedFor(report));
          const recorded = await gateway.trust(draftOf(context, state), fingerprint);
          if (recorded.problem !== null) return failed(recorded.problem);
        }
        report = await offered();
      }
      return failed(refusal("SETUP_FAILED", `there are more than ${MAX_KEYS} machines on the way to it`));
    },
  };
}

const isTrusted = ({ keys }: TrustReport): boolean => keys.some(({ state }) => state === "trusted");

function vouchedFor({ keys, address }: TrustReport): string {
  const key = keys.find(({ state }) => state === "trusted");
  return `${address}: ${key?.type ?? "?"} ${key?.fingerprint ?? "?"} (${key?.source ?? "?"})`;
}

function notVouchedFor({ address, keys }: TrustReport): Refusal {
  const offered = keys.map(({ type, fingerprint }) => `${type} ${fingerprint}`).join(", ");
  return refusal("HOST_KEY_UNKNOWN", `${address} offers ${offered}, and nobody said that it is right`, {
    nothingRan: "nothing was recorded",
    advice:
      "Compare it on the machine (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then run the same command with --host-key <fingerprint>",
  });
}

function alarm({ keys, address }: TrustReport): Refusal | null {
  const wrong = keys.filter(({ state }) => state === "changed" || state === "revoked");
  if (wrong.length === 0) return null;
  const code = wrong.some(({ state }) => state === "revoked") ? "HOST_KEY_REVOKED" : "HOST_KEY_CHANGED";
  const facts = wrong.map((key) => `${key.type} ${key.fingerprint} (${key.state}: ${key.source ?? ""})`);
  return refusal(code, `${address} offers ${facts.join(", ")}`, {
    nothingRan: "nothing was recorded",
    advice: "If the machine was set up anew, compare the new key on it and remove what contradicts it",
  });
}

/** The gateway gets in, and commands run there. */
export function loginStep(context: SetupContext, state: SetupState): SetupStep {
  const { gateway, target } = context;
  return {
    name: "login",
    async look() {
      const draft = draftOf(context, state);
      const probed = await gateway.probe(draft);
      if (probed.ok) {
        await readMachine(context, state);
        return done(`${probed.way ?? target.host} runs commands`);
      }
      const step = probed.steps.find(({ ok }) => !ok)?.name;
      const problem = probed.problem ?? "it cannot be reached";
      if (step !== "auth") return impossible(problem);
      const line = await gateway.keyLine(draft, context.tunnelPort);
      const advice =
        line === null
          ? "Make a key as the user that runs the gateway: ssh-keygen -t ed25519 -N '' -C node-router -f ~/.ssh/id_node_router. Then run the same command with --identity ~/.ssh/id_node_router"
          : `Put this line into ~/.ssh/authorized_keys of the login there, and run the same command again: ${line}`;
      return impossible(`${problem}. ${advice}`);
    },
    act: nothingToDo,
  };
}

/** Home and time zone; a machine that does not say is asked about. */
async function readMachine(context: SetupContext, state: SetupState): Promise<void> {
  const { ok, stdout } = await context.gateway.onNode(draftOf(context, state), "facts");
  if (!ok) return;
  const home = saidBy(stdout).get("home") ?? "";
  state.home = /^\/[^\p{C}]*$/u.test(home) && !hasEnvReference(home) ? withoutEnd(home, "/") : null;
  state.facts = stdout;
}

/** Where the machine is. A guess is shown as one, and written only when a person says that it is right. */
export function placeStep(context: SetupContext, state: SetupState): SetupStep {
  const { gateway, wishes, talk } = context;
  return {
    name: "place",
    async look() {
      const present = state.look?.entry?.location;
      if (wishes.country !== null) return done(wishes.country);
      return isRecord(present) ? done(`${String(present.country ?? "declared")} (declared)`) : todo;
    },
    async act() {
      const guess = await gateway.guess(draftOf(context, state), state.facts);
      state.place = await talk.place(guess);
      if (state.place !== null) return acted(state.place.country);
      return acted(guess === null ? "not said" : `not said; a guess is ${guess.country} (${guess.why})`);
    },
  };
}

/** The entry and the rule in the config, shown and agreed to before they are written. */
export function configStep(context: SetupContext, state: SetupState): SetupStep {
  return changeStep("config", context, () => changeOfSetup(context, state), []);
}

/** @param more lines that a person is shown with the change; null: it was agreed to before. */
export function changeStep(
  name: string,
  context: SetupContext,
  change: () => ConfigChange,
  more: readonly string[] | null,
): SetupStep {
  const { gateway, talk, target } = context;
  const written: WrittenValue[] = [];
  return {
    name,
    async look() {
      const { values } = await gateway.plan(change());
      return values.length === 0 ? done(`node ${quote(target.node)} is as it should be`) : todo;
    },
    async act() {
      const wanted = change();
      const { values, problems } = await gateway.plan(wanted);
      if (problems.length > 0) {
        const fact = `the config would be wrong: ${problems.join("; ")}`;
        return failed(refusal("SETUP_FAILED", fact, { nothingRan: "it was not written" }));
      }
      if (more !== null && !(await talk.change([...changeText(values), ...more]))) {
        return failed(
          refusal("SETUP_FAILED", "the change was not agreed to", {
            nothingRan: "it was not written",
            advice: null,
          }),
        );
      }
      if (context.stop.aborted) return failed(refusal("SETUP_FAILED", "it was interrupted"));
      // What an answer that was lost had written is the plan's.
      written.push(...values);
      await gateway.write(wanted);
      const isInForce = await waitFor(
        context,
        IN_FORCE_MS,
        async () => (await gateway.plan(wanted)).values.length === 0,
      );
      if (isInForce) return acted(`${values.length} value${values.length === 1 ? "" : "s"} written`);
      return failed(
        refusal("SETUP_FAILED", `the gateway did not take over the change within ${IN_FORCE_MS / 1000} s`),
      );
    },
    async undo() {
      if (written.length === 0) return null;
      const left = await gateway.takeBack(written);
      const taken = `the change of the config was taken back`;
      return left.length === 0 ? taken : `${taken}, but for what was changed since: ${left.join(", ")}`;
    },
  };
}

/** OpenClaw itself refuses where this plugin is missing. The last step: it is never taken back. */
export function guardStep(context: SetupContext): SetupStep {
  const { wishes, guard, talk } = context;
  return {
    name: "guard",
    async look() {
      if (wishes.agents.length === 0) return done("no agent was named");
      const { changes, notes } = await guard(wishes.agents, false);
      return changes.length > 0 ? todo : done(notes.join("; ") || `${wishes.agents.join(", ")}: set`);
    },
    async act() {
      const { changes } = await guard(wishes.agents, false);
      if (!(await talk.change(changes))) return acted('left out; "openclaw node-router guard" writes it');
      await guard(wishes.agents, true);
      const isSet = async () => (await guard(wishes.agents, false)).changes.length === 0;
      const words = `${changes.length} setting${changes.length === 1 ? "" : "s"} written`;
      return acted((await waitFor(context, IN_FORCE_MS, isSet)) ? words : `${words}, and not in force yet`);
    },
  };
}

/** Asks until it is so. The gateway may be reloading: what it cannot say now, it says a moment later. */
export async function waitFor(
  { stop, sleep }: Pick<SetupContext, "stop" | "sleep">,
  limitMs: number,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  for (let waitedMs = 0; !stop.aborted; waitedMs += LOOK_EVERY_MS) {
    if (await isSo().catch(() => false)) return true;
    if (waitedMs >= limitMs) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

const nothingToDo: SetupStep["act"] = async () => acted("");
