// What no shell can take, said before anything is sent. Pure.
import { ENV_NAME } from "../../shared/shell.ts";
import type { CommandRequest } from "./transport.ts";

/** Why no shell could take the request, in words for a person; null when one can. */
export function requestProblem(request: CommandRequest): string | null {
  const { script, args = [], env = {}, cwd = null, pathPrepend = [] } = request;
  for (const [name, value] of Object.entries(env)) {
    if (!ENV_NAME.test(name))
      return `the variable ${JSON.stringify(name)} has no name that a shell can export`;
    if (value.includes("\0")) return `the variable ${JSON.stringify(name)} holds a NUL character`;
  }
  if ([script, ...args, cwd ?? "", ...pathPrepend].some((text) => text.includes("\0"))) {
    return "the command holds a NUL character, which no shell can take";
  }
  return null;
}
