// The working directory of a command, in words, where nothing ran because of it.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";

/** Why a command's working directory could not be entered. */
export type CwdFailure = "missing" | "not-a-directory" | "denied";

/** @param node the name that people know. */
export function workdirRefusal(reason: CwdFailure, cwd: string, node: string): Refusal {
  const fact = {
    missing: "does not exist",
    "not-a-directory": "is not a directory",
    denied: "may not be entered",
  }[reason];
  return refusal("WORKDIR_UNAVAILABLE", `the working directory ${quote(cwd)} ${fact} on node ${quote(node)}`);
}
