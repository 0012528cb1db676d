// What a spare shell is told first, so that its command finds all as if it had been started for it alone. Pure.
import { posix } from "node:path";
import { ENV_NAME, shellQuote } from "../../../../shared/shell.ts";
import { commandText } from "./spawnShell.ts";
import type { ProcessStart } from "./startedProcess.ts";
import { FIND_CAT, LET_GO } from "./waitingShell.ts";

/** With more, the system may refuse a process that begins with it, and a shell that sets it sees that too late. */
const MAX_CHARS = 32_768;

/**
 * What a shell reads as it starts and not when it is set later, or keeps for itself: of dash, bash, busybox, ksh, mksh
 * and zsh; and what the loader and the C library read before any shell does.
 */
const READ_AT_START =
  /^(_|IFS|OPT(IND|ERR|ARG)|(OLD)?PWD|CDPATH|SHLVL|P?PID|PGRP|E?[UG]ID|USER(NAME|_ID)|GROUPS|ERRNO|LINENO|RANDOM|SECONDS|TMOUT|ENV|PS\d|F?PATHSEP|FPATH|FUNCNAME|FCEDIT|DIRSTACK|GLOBIGNORE|PIPESTATUS|EXECIGNORE|SHELLOPTS|HOSTNAME|(HOST|OS|MACH|VENDOR|CPU)TYPE|ZDOTDIR|STTY|ARGV0|(BASH|COMP|EPOCH|HIST|K?SH_|KSH|LC_|LD_|DYLD_|MALLOC_|GLIBC_|POSIX|ZSH|MAIL).*)$/;

/**
 * Goes to the directory, sets what the login does not have, says a line on descriptor 3 right before it becomes the
 * command, and ends without saying it where anything fails. All of that stands in the command's first line, so that its
 * lines have the numbers that they have in a shell of its own.
 * @param login the environment that the shell was started with.
 * @returns null: the command could see that its shell was not started for it.
 */
export function spareText(
  { cwd, env, script, args }: ProcessStart,
  login: ProcessStart["env"],
): string | null {
  const own = Object.entries(env).filter(([name, value]) => login[name] !== value);
  // A shell tidies such a name.
  if (posix.resolve(cwd) !== cwd) return null;
  if (!own.every(([name]) => ENV_NAME.test(name) && !READ_AT_START.test(name))) return null;
  const texts = [cwd, ...own.flat()];
  if (texts.some((text) => text.includes("\n"))) return null;
  if (texts.reduce((total, { length }) => total + length, 0) > MAX_CHARS) return null;
  const steps = [
    `command cd ${shellQuote(cwd)} 2>/dev/null || exit 126`,
    "unset OLDPWD",
    // bash begins with one that is exported and has no value; it and others count the seconds since they were started.
    `case \${BASH_VERSION-} in ?*) export OLDPWD;; esac`,
    `case \${BASH_VERSION-}\${KSH_VERSION-}\${ZSH_VERSION-} in ?*) SECONDS=0;; esac`,
    ...own.map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    FIND_CAT,
    "command echo begun >&3 || exit 126",
    LET_GO,
  ];
  return `${steps.join("; ")}; ${commandText(script, args)}`;
}
