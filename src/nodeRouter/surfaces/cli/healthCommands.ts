// `doctor`, `test`, `probe` and `ledger`: one question each, whose answer is fine or a finding.
import { knownFields } from "../../../shared/knownFields.ts";
import type { VerifyReport } from "../../ledger/verify.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import type { TestReport } from "../methods/planMethods.ts";
import type { ProbeReport } from "../methods/sshMethods.ts";
import { verifyText } from "./callsText.ts";
import { NODE_TOO, nodeProblem } from "./flags.ts";
import { testsText } from "./planText.ts";
import { doctorText } from "./reportText.ts";
import { probeText } from "./sshText.ts";
import { tell, type Verb } from "./verb.ts";

/** A thousand MiB of records take some seconds. */
const VERIFY_MS = 120_000;

export const doctorVerb: Verb = {
  description: "Find what is wrong or contradicts a rule, with the fix",
  examples: ["doctor", "doctor --json"],
  run: async (call) =>
    tell(call, await call.ask<DoctorReport>("noderouter.doctor", {}), doctorText, ({ ok }) => ok),
};

export const testVerb: Verb = {
  description: "Try the tests of the config with all that is known of the nodes",
  examples: ["test"],
  run: async (call) =>
    tell(call, await call.ask<TestReport>("noderouter.test", {}), testsText, ({ tests }) =>
      tests.every(({ passed }) => passed),
    ),
};

export const probeVerb: Verb = {
  description: "Connect to a node over SSH, and show each step with its time",
  argument: ["[node]", "inventory name of a node with ssh settings"],
  options: [NODE_TOO],
  examples: ["probe mac-sg"],
  problem: nodeProblem("probe"),
  async run(call) {
    const report = await call.ask<ProbeReport>("noderouter.probe", { node: call.options.node });
    return tell(call, report, probeText, ({ ok }) => ok);
  },
};

export const ledgerVerb: Verb = {
  description: "Check that no record of the ledger was changed, removed or moved",
  argument: ["<verify>", "verify"],
  options: [["--head <hash>", "a record that was noted elsewhere, and must be there"]],
  examples: ["ledger verify"],
  problem: ({ node }) =>
    node?.trim() === "verify" ? null : "ledger has one thing to do: openclaw node-router ledger verify",
  async run(call) {
    const query = knownFields({ head: call.options.head });
    const report = await call.ask<VerifyReport>("noderouter.ledger", query, VERIFY_MS);
    return tell(call, report, verifyText, ({ ok }) => ok);
  },
};
