// Start files, login shells and recorders, and what a command over SSH is there: right, or refused with a reason.

/** A login's shell reads its file, and becomes the command, as bash does with ~/.bashrc over ssh. */
export const RUN = 'exec /bin/bash --norc -c "$SSH_ORIGINAL_COMMAND"';

export interface Row {
  /** What stands in the start file, before the command. */
  readonly file: string;
  /** Instead of running the command as a login shell would. */
  readonly instead?: string;
  /** More lines of sshd_config. */
  readonly config?: readonly string[];
  /** Programs without which the row says nothing here. */
  readonly needs?: readonly string[];
}

/** Everything about a command is right. */
export const RIGHT: Readonly<Record<string, Row>> = {
  "that are empty": { file: "" },
  "that print a message of the day": { file: "cat /etc/os-release; echo welcome" },
  "that print without a line end": { file: 'printf "Last login: never"; printf "warning: x" >&2' },
  "that print on the error stream, as stty without a terminal": { file: "stty sane; tty; echo oops >&2" },
  "that print our own words": { file: 'echo node-router-ready x; echo "node-router-keeper os Windows"' },
  "that set -e and -u": { file: "set -eu; export SHELLOPTS" },
  "that trace what shells run, for all of them": { file: "set -xv; export SHELLOPTS", needs: ["bash"] },
  "that set traps": { file: "trap 'echo bye' EXIT; trap '' HUP INT; trap 'echo usr' USR1" },
  "that leave children unreaped": { file: "trap '' CHLD; true & true & wait" },
  "that lose PATH": { file: "unset PATH" },
  "that set PATH to nowhere": { file: "export PATH=/nonexistent" },
  "that go elsewhere": { file: "cd /usr/share" },
  "that go to a directory that is gone": { file: 'd=$(mktemp -d) && cd "$d" && rmdir "$d"' },
  "that set IFS, CDPATH, TMOUT, ENV and BASH_ENV": {
    file: "export IFS=: CDPATH=/usr TMOUT=1 ENV=/dev/null BASH_ENV=/dev/null POSIXLY_CORRECT=1",
  },
  "that start what lets go of the streams": { file: "sleep 30 </dev/null >/dev/null 2>&1 & export KEPT=$!" },
  "that start an agent": { file: 'eval "$(ssh-agent -s)" >/dev/null; trap "" TERM', instead: `${RUN}` },
  "that pass the output through tee": { file: "exec > >(exec tee /dev/null)" },
  "that limit open files": { file: "ulimit -n 64" },
  "whose alias and functions shadow commands": {
    file: 'shopt -s expand_aliases; alias exec="echo no"; cd() { echo no; }; export -f cd; unalias exec',
  },
  "behind a wrapper that passes the exit code on": {
    file: "",
    instead: '/bin/bash --norc -c "$SSH_ORIGINAL_COMMAND"; exit $?',
  },
  "of dash": { file: "", instead: 'exec dash -c "$SSH_ORIGINAL_COMMAND"', needs: ["dash"] },
  "of zsh": { file: "", instead: 'exec zsh -f -c "$SSH_ORIGINAL_COMMAND"', needs: ["zsh"] },
  "of fish": { file: "", instead: 'exec fish --no-config -c "$SSH_ORIGINAL_COMMAND"', needs: ["fish"] },
  "of tcsh": { file: "", instead: 'exec tcsh -f -c "$SSH_ORIGINAL_COMMAND"', needs: ["tcsh"] },
  "of mksh": { file: "", instead: 'exec mksh -c "$SSH_ORIGINAL_COMMAND"', needs: ["mksh"] },
  "of busybox": { file: "", instead: 'exec busybox ash -c "$SSH_ORIGINAL_COMMAND"', needs: ["busybox"] },
};

const NEVER = /its shell was not ready in [\d.]+ s/;
const EARLY = /the session ended with code \d+ before its shell was ready/;
const TERMINAL = /there is a terminal between its SSH server and the shell/;

export interface Refused extends Row {
  readonly reason: RegExp;
  /** It takes the whole deadline to know. */
  readonly isLate?: boolean;
}

export const REFUSED: Readonly<Record<string, Refused>> = {
  "that become another shell": { file: "exec sh", reason: NEVER, isLate: true },
  "that become zsh": { file: "exec zsh -f", reason: NEVER, isLate: true, needs: ["zsh"] },
  "that become fish": { file: "exec fish --no-config", reason: NEVER, isLate: true, needs: ["fish"] },
  "that ask a question": {
    file: 'echo "Which environment (a/b)?"; read -r answer',
    reason: /was not ready in [\d.]+ s; it said "Which environment \(a\/b\)\?"/,
    isLate: true,
  },
  "that wait": { file: "exec sleep 600", reason: NEVER, isLate: true },
  "that become tmux": {
    file: "exec tmux",
    reason: /ended with code 1 .*it said "open terminal failed/,
    needs: ["tmux"],
  },
  "that exit": { file: "echo no robots >&2; exit 3", reason: /ended with code 3 .*it said "no robots"/ },
  "that fail under set -e": { file: "set -e\nfalse", reason: EARLY },
  "of an account without a shell": {
    file: "",
    instead: "exec /usr/sbin/nologin",
    reason: /ended with code 1 .*it said "This account is currently not available\."/,
    needs: ["/usr/sbin/nologin"],
  },
  "of a restricted shell": {
    file: "",
    instead: 'exec /bin/bash --norc --restricted -c "$SSH_ORIGINAL_COMMAND"',
    reason: /ended with code 1 .*restricted/,
  },
  "of a server for files only": {
    file: "",
    config: ["ForceCommand internal-sftp"],
    reason: /before its shell was ready|not ready in/,
    isLate: true,
  },
  "of a menu": {
    file: "",
    instead: 'PS3="choose: "; select x in start stop; do echo "$x"; done',
    reason: /not ready in [\d.]+ s; it said "1\) start/,
    isLate: true,
  },
  "that close the input": {
    file: "exec </dev/null",
    reason: /what is sent to it does not reach the shell|ended .*as soon as it was ready/,
  },
  "that join the errors to the output": {
    file: "exec 2>&1",
    reason: /its error stream is joined to the output/,
  },
  "that join the errors to the output of tee": {
    file: "exec > >(exec tee /dev/null) 2>&1",
    reason: /its error stream is joined to the output/,
  },
  "that lead the output to the errors": { file: "exec >&2", reason: /its output comes on the error stream/ },
  "that drop the errors": {
    file: "exec 2>/dev/null",
    reason: /wrote to the error stream did not come in/,
    isLate: true,
  },
  "that mark every line of output": {
    file: "exec > >(exec sed -u 's/^/[node] /')",
    reason: /its output is changed on its way/,
  },
  "that turn line ends": {
    file: "exec > >(exec sed -u 's/$/\\r/')",
    reason: /its output is changed on its way/,
  },
  "that leave a program with the streams": {
    file: "sleep 600 & disown",
    reason: /holds the session's streams/,
    isLate: true,
  },
  "that print without end": {
    file: "exec yes",
    reason: /printed more than 64 KiB before its shell was ready/,
  },
  "that record the session": {
    file: 'if [ -z "$REC" ]; then export REC=1; exec script -q -c "$SSH_ORIGINAL_COMMAND" /dev/null; fi',
    reason: TERMINAL,
    needs: ["script"],
  },
  "that record the session and pass the code on": {
    file: 'if [ -z "$REC" ]; then export REC=1; exec script -qe -c "$SSH_ORIGINAL_COMMAND" /dev/null; fi',
    reason: TERMINAL,
    needs: ["script"],
  },
  "behind a wrapper that ends well whatever happens": {
    file: "",
    instead: '/bin/bash --norc -c "$SSH_ORIGINAL_COMMAND"; exit 0',
    reason: /the exit code of a command does not come back: 79 came as 0/,
  },
  "behind a wrapper that logs": {
    file: "",
    instead: '/bin/bash --norc -c "$SSH_ORIGINAL_COMMAND" | cat',
    reason: /the exit code of a command does not come back: 79 came as 0/,
  },
  "behind a wrapper that forgets the quotes": {
    file: "",
    instead: "exec /bin/bash --norc -c $SSH_ORIGINAL_COMMAND",
    reason: /before its shell was ready|not ready in/,
    isLate: true,
  },
};
