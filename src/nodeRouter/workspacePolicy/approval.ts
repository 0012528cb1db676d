// What a person is asked before a command runs on a node: where, and the command itself. Pure.
import { placeText } from "../explain/message.ts";
import type { NodeState } from "../placement/snapshot.ts";

/** As OpenClaw's `requireApproval`; the host refuses longer texts, and with them the call. */
export interface ApprovalText {
  readonly title: string;
  readonly description: string;
}

/** Code points; the host's own limits are 80 and 512, after it has made the text safe and masked secrets. */
const MAX_TITLE = 76;
const MAX_DESCRIPTION = 460;

/** What the host would write out as `\u{…}`, and so make longer. */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u115F\u1160\u3164\uFFA0]/gu;

export interface ApprovalInput {
  readonly agent: string;
  readonly node: Pick<NodeState, "name" | "location" | "workspace">;
  readonly rule: string;
  /** As the model gave it; null for the node's workspace. */
  readonly workdir: string | null;
  readonly command: string;
}

/**
 * Node, directory and command. A command that is too long is shown by its beginning and its end, and the text
 * says how much is not shown: whoever allows it knows that they have not seen all of it.
 */
export function approvalText(input: ApprovalInput): ApprovalText {
  const { agent, node, rule, workdir, command } = input;
  const where = workdir ?? node.workspace ?? "its workspace";
  const lines = [
    `Agent ${shown(agent, 60)} wants to run a command on node ${shown(node.name, 60)} (${placeText(node.location)}) over SSH, rule ${shown(rule, 60)}, in ${shown(where, 90)}:`,
  ];
  const room = MAX_DESCRIPTION - length(lines.join("\n")) - 1;
  return {
    title: cut(`Run a command on ${plain(node.name)}`, MAX_TITLE),
    description: [...lines, commandText(command, room)].join("\n"),
  };
}

function commandText(command: string, room: number): string {
  const whole = quoted(command);
  if (length(whole) <= room) return whole;
  const points = [...command];
  // Escapes make text longer, so the pieces are measured as they will be shown.
  for (let size = Math.floor(room / 2); size > 0; size -= 1) {
    const [head, tail] = [points.slice(0, size).join(""), points.slice(-Math.ceil(size / 2)).join("")];
    const hidden = points.length - size - Math.ceil(size / 2);
    const text = `${quoted(head)} … ${hidden} characters NOT SHOWN … ${quoted(tail)}`;
    if (length(text) <= room) return text;
  }
  return `${points.length} characters, NOT SHOWN`;
}

function shown(text: string, max: number): string {
  return quoted(cut(text, max));
}

/** JSON's escapes, and no character that cannot be seen: the end of the text is unambiguous. */
function quoted(text: string): string {
  return plain(JSON.stringify(text));
}

function plain(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    [...character].map((point) => `\\u{${(point.codePointAt(0) ?? 0).toString(16)}}`).join(""),
  );
}

function cut(text: string, max: number): string {
  const points = [...text];
  return points.length <= max ? text : `${points.slice(0, max - 1).join("")}…`;
}

/** The host counts code points. */
function length(text: string): number {
  return [...text].length;
}
