// `openclaw node-router trust <node>`: shows what the node offers, asks, and has one key recorded.
import { refusal, refusalLine } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { PairedReport } from "../methods/nameMethods.ts";
import type { TrustReport } from "../methods/sshMethods.ts";
import { NODE_TOO, nodeProblem } from "./flags.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { EXIT_FINDING, EXIT_OK, type Output } from "./output.ts";
import { pairedText } from "./reportText.ts";
import { trustText } from "./sshText.ts";
import { tell, type Verb } from "./verb.ts";

export const trustVerb: Verb = {
  description:
    "Show the SSH host keys that a node offers, and record one after you have compared it; with --paired, say which paired node it is",
  argument: ["[node]", "inventory name of a node"],
  options: [
    NODE_TOO,
    ["--yes <fingerprint>", "record this key without asking, if the node offers it"],
    ["--paired <id>", "the node's name stands for the paired node with this id from now on"],
  ],
  examples: ["trust mac-sg"],
  problem(options) {
    const { yes, paired } = options;
    const wrong = nodeProblem("trust")(options);
    if (wrong !== null || paired === undefined) return wrong;
    if (yes !== undefined) return "trust takes --yes (an SSH host key) or --paired (a paired node), not both";
    return paired.trim() === ""
      ? "--paired takes the id of a paired node; openclaw node-router doctor lists them"
      : null;
  },
  async run(call) {
    const { options, ask, out } = call;
    const { json = false, yes, paired } = options;
    const node = options.node?.trim() ?? "";
    if (paired === undefined)
      return runTrust({ node, json, yes: typeof yes === "string" ? yes : null }, ask, out);
    return tell(call, await ask<PairedReport>("noderouter.trust", { node, paired }), pairedText);
  },
};

interface TrustOptions {
  readonly node: string;
  readonly json: boolean;
  /** The fingerprint that the caller has compared; null = ask. */
  readonly yes: string | null;
}

/** The exit code: 0 when a key of the node is believed in the end. */
async function runTrust({ node, json, yes }: TrustOptions, ask: AskGateway, out: Output): Promise<number> {
  const show = (report: TrustReport) => (json ? out.data(report) : out.print(trustText(report, out.columns)));
  const fail = (text: string) => {
    out.fail(safe(text));
    return EXIT_FINDING;
  };
  if (yes !== null) return record(yes);

  const offered = await ask<TrustReport>("noderouter.trust", { node });
  show(offered);
  const alarming = alarm(offered);
  if (alarming !== null) return fail(alarming);
  // Any key will do: a connection asks for the types that are known.
  if (offered.keys.some(({ state }) => state === "trusted")) return EXIT_OK;
  const [first] = offered.keys;
  const compare = `compare a fingerprint with the machine's own (on it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)`;
  const question = json ? undefined : out.question;
  if (question === undefined) {
    return fail(
      `nothing was recorded: ${compare}, then run "openclaw node-router trust ${node} --yes <fingerprint>"`,
    );
  }
  out.print(`\nThis is not proof of who answers: ${compare}.`);
  const answer = (await question(`Type the fingerprint, or "yes" for ${first?.fingerprint}: `)).trim();
  if (/^(n|no)?$/i.test(answer)) return fail("nothing was recorded");
  return record(/^yes$/i.test(answer) ? (first?.fingerprint ?? "") : answer);

  async function record(fingerprint: string): Promise<number> {
    const report = await ask<TrustReport>("noderouter.trust", { node, fingerprint });
    if (yes !== null || report.problem === null) show(report);
    if (report.problem !== null) return fail(report.problem);
    if (report.jumpHost !== null && !json) {
      out.print(
        `\n${safe(`That was a jump host: run "openclaw node-router trust ${node}" again for what is behind it.`)}`,
      );
    }
    return EXIT_OK;
  }
}

/** What no answer may get past; null when there is nothing of the kind. */
function alarm({ keys, node }: TrustReport): string | null {
  const wrong = keys.filter(({ state }) => state === "changed" || state === "revoked");
  if (wrong.length === 0) return null;
  const code = wrong.some(({ state }) => state === "revoked") ? "HOST_KEY_REVOKED" : "HOST_KEY_CHANGED";
  const facts = wrong.map((key) => `${key.type} ${key.fingerprint} (${key.state}: ${key.source ?? ""})`);
  return refusalLine(
    refusal(code, `node ${quote(node)} offers ${facts.join(", ")}`, {
      nothingRan: "nothing was recorded",
      advice:
        "If the machine was set up anew, compare the new key on it, remove what contradicts it, then trust it again",
    }),
  );
}
