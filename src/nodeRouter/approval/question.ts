// What a person is asked before a command runs on a node: everything of the call that decides what runs there. Pure.
import { shortened } from "../../shared/safeText.ts";
import { envPrefix } from "../../shared/shell.ts";
import type { Transport } from "../../shared/types.ts";
import { overText, placeText } from "../explain/message.ts";
import type { NodeState } from "../placement/model/snapshot.ts";
import { fitted, length, plain, quoted, takeShown } from "./shownText.ts";

/** As OpenClaw's `requireApproval`; the host refuses longer texts, and with them the call. */
export interface ApprovalText {
  readonly title: string;
  readonly description: string;
  /** Something of the call is not in the text: whoever says yes would not have seen all that they allow. */
  readonly incomplete?: true;
}

/** Code points; the host's own limits are 80 and 512, after it has made the text safe and masked secrets. */
const MAX_TITLE = 76;
const MAX_DESCRIPTION = 460;

/** Code points, as they are shown, of each name. With all of them at their longest there is room for a sentence. */
const MAX_NAME = 50;
const MAX_WHERE = 120;
const MAX_PLACE = 40;

/**
 * Every parameter of the host's `exec` (2026.9.6), and why the question shows it or need not. A call with another
 * one cannot be shown: nobody here knows what it does.
 */
export const EXEC_PARAMS: Readonly<Record<string, "shown" | "replaced" | "harmless">> = {
  command: "shown",
  workdir: "shown",
  env: "shown",
  pty: "shown",
  background: "shown",
  // The plugin says these itself, whatever the call says.
  host: "replaced",
  node: "replaced",
  elevated: "replaced",
  // How long it may run, when the model is told of it, its title in a list, and more questions.
  timeoutSeconds: "harmless",
  yieldMs: "harmless",
  title: "harmless",
  ask: "harmless",
};

export interface ApprovalInput {
  readonly agent: string;
  readonly node: Pick<NodeState, "name" | "location" | "workspace">;
  readonly over: Transport;
  readonly rule: string;
  /** As the model gave it; null for the node's workspace. */
  readonly workdir: string | null;
  readonly command: string;
  /** Variables that the model sets, as it gave them. */
  readonly env?: unknown;
  /** In a terminal. */
  readonly pty?: boolean;
  /** The agent does not wait for its end. */
  readonly background?: boolean;
}

/**
 * Node, directory, how it runs, and the variables in front of the command, as a shell would take them. A command
 * that is too long is shown by its beginning and its end, and the text says how much is not shown.
 */
export function approvalText(input: ApprovalInput): ApprovalText {
  const { agent, node, over, rule, workdir, command, env, pty = false, background = false } = input;
  const who = fitted(agent, MAX_NAME);
  const name = fitted(node.name, MAX_NAME);
  const where = fitted(workdir ?? node.workspace ?? "its workspace", MAX_WHERE);
  const how = `${pty ? ", in a terminal" : ""}${background ? ", in the background" : ""}`;
  const place = plain(placeText(node.location));
  const head = `Agent ${who.text} wants to run a command on node ${name.text} (${length(place) > MAX_PLACE ? "place too long to show" : place}) ${overText(over)}, rule ${fitted(rule, MAX_NAME).text}, in ${where.text}${how}:`;
  const variables = envPrefix(env);
  const shown = bodyText(
    `${variables.ok ? variables.text : ""}${command}`,
    MAX_DESCRIPTION - length(head) - 1,
  );
  return {
    title: shortened(`Run a command on ${plain(node.name)}`, MAX_TITLE),
    description: `${head}\n${shown.text}`,
    ...incomplete(!variables.ok || shown.cut || [who, name, where].some(({ cut }) => cut)),
  };
}

export interface InputApproval {
  readonly agent: string;
  /** The host's id of the running command. */
  readonly session: string;
  readonly action: string;
  /** What is to be sent, as the model gave it: text, keys, bytes. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a person is asked before a running command is given input: in a shell, that is a command as well. */
export function inputApprovalText({ agent, session, action, input }: InputApproval): ApprovalText {
  const who = fitted(agent, MAX_NAME);
  const what = fitted(session, MAX_NAME);
  const verb = fitted(action, MAX_NAME);
  const head = `Agent ${who.text} wants to send input to its running command ${what.text}, in its workspace on a node. A shell there runs what it is sent. Action ${verb.text}:`;
  const shown = bodyText(inputText(input), MAX_DESCRIPTION - length(head) - 1);
  return {
    title: "Send input to a command on a node",
    description: `${head}\n${shown.text}`,
    ...incomplete(shown.cut || [who, what, verb].some(({ cut }) => cut)),
  };
}

/** `{ data: "ls\n" }` is its text alone; everything else is JSON. */
function inputText(input: Readonly<Record<string, unknown>>): string {
  const { data, ...rest } = input;
  return typeof data === "string" && Object.keys(rest).length === 0 ? data : JSON.stringify(input);
}

/** The whole text in quotes where there is room, else its beginning and its end, and how much is between them. */
function bodyText(text: string, room: number): { readonly text: string; readonly cut: boolean } {
  const whole = quoted(text);
  if (length(whole) <= room) return { text: whole, cut: false };
  const points = [...text];
  const marked = (hidden: number) => ` … ${hidden} characters NOT SHOWN … `;
  const pieces = room - length(marked(points.length)) - 4;
  const head = takeShown(points, Math.floor((pieces * 2) / 3));
  const tail = takeShown(points.slice(head.length).reverse(), Math.floor(pieces / 3)).toReversed();
  if (head.length === 0 || tail.length === 0) {
    return { text: `${points.length} characters, NOT SHOWN`, cut: true };
  }
  const hidden = points.length - head.length - tail.length;
  return { text: `${quoted(head.join(""))}${marked(hidden)}${quoted(tail.join(""))}`, cut: true };
}

function incomplete(is: boolean): Pick<ApprovalText, "incomplete"> {
  return is ? { incomplete: true } : {};
}
