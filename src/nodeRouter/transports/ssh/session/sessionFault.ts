// Why a session of a login is no use for commands: the fact, and what to mend. These do not pass by themselves. Pure.
import { quoteSaid } from "../connect/base/serverWords.ts";

/** Where a login's programs are set up. */
const FILES =
  "start files (~/.bashrc, ~/.zshenv, ~/.cshrc, ~/.config/fish/config.fish, /etc/profile.d) and ForceCommand";
const GUARD = 'as with "[ -t 0 ] || return" before it';

/** A session that will fail the same way again. */
export class SessionFault extends Error {
  /** What to do, as a sentence without its end. */
  readonly mend: string;

  constructor(fact: string, mend: string) {
    super(fact);
    this.name = "SessionFault";
    this.mend = mend;
  }
}

/** @param said what the login printed meanwhile */
export function neverReady(ms: number, said: string): SessionFault {
  return new SessionFault(
    `its shell was not ready in ${ms / 1000} s${aside(said)}`,
    `See the login's shell and its ${FILES}: one of them starts another program, asks a question or waits; let it do so in terminals only, ${GUARD}`,
  );
}

/**
 * @param how with a blank before it, such as ` with code 1`; may be empty.
 * @param said the end of what was printed; may be empty.
 */
export function endedEarly(how: string, said: string): SessionFault {
  return new SessionFault(
    `the session ended${how} before its shell was ready${aside(said)}`,
    `Let the login run "/bin/sh -c": see its shell on the node (getent passwd), its ${FILES}`,
  );
}

/** @param ms that were waited. */
export function errorsLost(ms: number): SessionFault {
  return new SessionFault(
    `what its shell wrote to the error stream did not come in ${ms / 1000} s`,
    `See the login's ${FILES}: one of them leads the error stream elsewhere (exec 2>…); let it do so in terminals only, ${GUARD}`,
  );
}

export const TERMINAL = new SessionFault(
  "there is a terminal between its SSH server and the shell that was not asked for, such as a session recorder's or a bastion's",
  `Exempt this login from it, or see its ${FILES} and let it begin only where there is a terminal already ([ -t 0 ])`,
);

export const JOINED = new SessionFault(
  "its error stream is joined to the output",
  `See the login's ${FILES}: one of them joins the two (exec 2>&1); let it do so in terminals only, ${GUARD}`,
);

export const CROSSED = new SessionFault(
  "its output comes on the error stream",
  `See the login's ${FILES}: one of them leads the output there (exec >&2); let it do so in terminals only, ${GUARD}`,
);

export const ECHOED = new SessionFault(
  "what is sent to it comes back as output",
  `Something between gateway and shell echoes, such as a recorder's or a bastion's terminal: exempt this login from it, or see its ${FILES}`,
);

export const CHANGED = new SessionFault(
  "its output is changed on its way",
  `See the login's ${FILES}: one of them leads output through a filter; let it do so in terminals only, ${GUARD}`,
);

/** A shell that waits ends when its input does: so also of one that ended as soon as it was ready. */
export const NO_INPUT = new SessionFault(
  "what is sent to it does not reach the shell",
  `See the login's ${FILES}: one of them closes the input or reads it (exec </dev/null); let it do so in terminals only, ${GUARD}`,
);

export const HELD = new SessionFault(
  "a program that its start files left in the background holds the session's streams, so that no command would ever end",
  `See the login's ${FILES}: let what is started with & let go of the streams (</dev/null >/dev/null 2>&1)`,
);

/** @param got a code, or a signal's name. */
export function exitLost(sent: number, got: string): SessionFault {
  return new SessionFault(
    `the exit code of a command does not come back: ${sent} came as ${got}`,
    `See the login's ${FILES}: what stands between the SSH server and the shell has to end with the command's own exit code (exec "$SHELL" -c "$SSH_ORIGINAL_COMMAND", script -e)`,
  );
}

function aside(said: string): string {
  return said === "" ? "" : `; it said ${quoteSaid(said)}`;
}
