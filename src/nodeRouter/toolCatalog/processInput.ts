// Which calls of the tool `process` give a running command input. Pure; actions as in OpenClaw 2026.9.

/** What the other actions do; any that is not here may be a new way of input. */
const LOOKS_AND_ENDS: readonly string[] = ["list", "poll", "log", "kill", "clear", "remove"];

/** Input to a shell is a command: whoever may write there may run anything. */
export function isProcessInput(params: Readonly<Record<string, unknown>>): boolean {
  const { action } = params;
  return action !== undefined && !(typeof action === "string" && LOOKS_AND_ENDS.includes(action.trim()));
}
