// What `/cordon`, `/uncordon` and `/drain` do and answer in a chat. The host has asked for the scope.
import { chatText } from "../../../shared/chatText.ts";
import { messageOf } from "../../../shared/errors.ts";
import { quote } from "../../../shared/safeText.ts";
import { SPAN_HELP } from "../../../shared/timeSpan.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { cordonAnswerText, drainText, uncordonText } from "../cli/drainCommand.ts";
import { cordon, drain, uncordon } from "../methods/cordonMethods.ts";

export type CordonCommand = "cordon" | "uncordon" | "drain";

/** `mac-sg for 2h the disk is full`; a name with a space stands in quotes. */
const ARGS = /^(?:"([^"]+)"|(\S+))(?:\s+for\s+(\S+))?(?:\s+(\S.*))?$/s;

/** Of the command line, where they do what no reason can; chats make one dash of two. */
const OPTION = /(?<=^|\s)(?:--|[—–])(?:dry-run|for|reason|move|timeout|all|selector)\b/;

/**
 * @param args as they were typed behind the command.
 * @param caller who gave it, for the record.
 * @returns what became of it, or why nothing did. Never throws: in a chat there is nobody to catch it.
 */
export async function cordonReply(
  deps: RouterDeps,
  command: CordonCommand,
  args: string,
  caller: string,
): Promise<string> {
  const [, quoted, bare, span, reason] = ARGS.exec(args.trim()) ?? [];
  const node = quoted ?? bare;
  const [option] = OPTION.exec(args) ?? [];
  if (node === undefined || option !== undefined) {
    const more = command === "uncordon" ? "" : ` [for <time>] [reason]; the time is ${SPAN_HELP}`;
    const not = option === undefined ? "" : `; ${quote(option)} is of the command line alone`;
    return `/${command} <node>${more}${not}`;
  }
  const params = { node, for: span, reason };
  const answer = async (): Promise<string> => {
    switch (command) {
      case "cordon":
        return cordonAnswerText(await cordon(deps, params, caller));
      case "uncordon":
        return uncordonText(await uncordon(deps, { node }));
      case "drain":
        // It waits for nothing here: who wants to know asks again.
        return drainText(await drain(deps, params, caller));
    }
  };
  try {
    return (await answer()).split("\n").map(chatText).join("\n");
  } catch (error) {
    return chatText(messageOf(error));
  }
}
