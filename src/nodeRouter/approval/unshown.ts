// Why a call that a person has to decide about is refused without asking: they would not see all of it. Pure.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import type { MaskAnswer } from "../host/mask.ts";
import type { ApprovalText } from "./question.ts";
import { EXEC_PARAMS } from "./question.ts";

/** Characters of a parameter's name in the message. */
const MAX_NAME = 40;

/**
 * SECURITY: a yes to what was not shown is no yes to it. Null when the question shows everything that decides.
 * @param source the setting that makes a person decide, in full.
 * @param mask what the host does to the description.
 * @param params of an `exec`; null for another question.
 */
export function unshownRefusal(
  agent: string,
  source: string,
  question: ApprovalText,
  mask: MaskAnswer,
  params: Readonly<Record<string, unknown>> | null,
): Refusal | null {
  const asked = `${source} lets a person decide about each command of agent "${agent}"`;
  const notShown = (fact: string, advice: string) =>
    refusal("APPROVAL_NOT_SHOWN", `${asked}, and ${fact}`, { advice });
  const unknown = Object.keys(params ?? {}).find((name) => !Object.hasOwn(EXEC_PARAMS, name));
  if (unknown !== undefined) {
    const name = JSON.stringify(unknown.slice(0, MAX_NAME));
    return notShown(`nobody could tell them what the parameter ${name} of this call does`, "Leave it out");
  }
  if (question.incomplete === true) {
    return notShown(
      "the question has no room for all of this one: some 250 characters for command, variables and directory",
      "Make it shorter: write the long part into a file of the workspace, and run that",
    );
  }
  if (mask.kind === "masked") {
    return notShown(
      "OpenClaw would hide a part of the question that looks to it like a secret",
      "Leave it out of the call: let the command read it from a file or a variable of the node",
    );
  }
  if (mask.kind === "unknown") {
    return notShown(
      `OpenClaw does not tell what it would hide of the question: ${mask.fact}`,
      "Install a version of OpenClaw and node-router that fit together",
    );
  }
  return null;
}
