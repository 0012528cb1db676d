// `describe`: all that is known of one node, agent, rule or call.
import { DESCRIBED } from "../methods/described.ts";
import type { DescribeReport } from "../methods/describeMethod.ts";
import { describeCall } from "./describeCall.ts";
import { describeText } from "./describeText.ts";
import { tell, type Verb } from "./verb.ts";

/** What is on record the ledger's own method knows. */
const KINDS: readonly string[] = [...DESCRIBED, "call"];

export const describeVerb: Verb = {
  description:
    "All that is known of one node, agent or rule, with what hangs on it and its newest calls; or of one call",
  argument: ["<kind>", "node, agent, rule or call"],
  second: ["<name>", "its name; of a call its id, or the beginning of it"],
  examples: [
    "describe node mac-sg",
    "describe agent worker-sg",
    "describe rule singapore -o yaml",
    "describe call 3f2a",
  ],
  problem({ node, id }) {
    if (!KINDS.some((kind) => kind === node?.trim()))
      return `describe takes ${KINDS.join(", ")} and a name: openclaw node-router describe node <name>`;
    return id?.trim() ? null : `describe needs a name: openclaw node-router describe ${node} <name>`;
  },
  async run(call) {
    const { options, ask, machine } = call;
    if (options.node?.trim() === "call") return describeCall(call, options.id?.trim() ?? "");
    const query = { kind: options.node?.trim(), name: options.id?.trim() };
    const report = await ask<DescribeReport>("noderouter.describe", query);
    return tell(call, report, (one, columns) => describeText(one, machine.now(), columns));
  },
};
