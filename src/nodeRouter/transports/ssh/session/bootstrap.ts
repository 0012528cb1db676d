// The constant programs that wait on a node: the runner, which becomes one command, and the keeper, which ends them.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell text, not templates

/** First word of the line by which a runner says that it waits. */
export const READY = "node-router-ready";
/** First word of the lines by which a keeper introduces itself. */
export const KEEPER = "node-router-keeper";
/** First word of the lines `out` and `err`, one on each stream, or `terminal`: where they lead is seen by them. */
export const STREAMS = "node-router-streams";
/** First word of the line by which a program says that it does not go on, and why: `terminal`. */
export const REFUSED = "node-router-refused";
/** First word of the line by which a keeper answers a ping. */
export const PONG = "node-router-pong";

/**
 * Whatever the login shell's start files set. Options come along where they are exported (SHELLOPTS of bash), and
 * would print the request. Without dd and its like nothing works; what finds them comes last, so that it hides nothing.
 */
const PLAIN = [
  "set +aefuvx",
  "unset NODE_ROUTER_BOOT CDPATH",
  "command -v dd >/dev/null 2>&1 || { PATH=${PATH:+$PATH:}/usr/bin:/bin; export PATH; }",
].join("; ");

/** A terminal that nobody asked for echoes, and what puts it there keeps the exit code to itself. */
const NO_TERMINAL = `if [ -t 0 ] || [ -t 1 ] || [ -t 2 ]; then printf "\\n${REFUSED} terminal\\n"; exit 1; fi`;

/** A word on each stream, by which it is told where that leads. What was printed before may have no line end. */
const SAY_STREAMS = `printf "\\n${STREAMS} out\\n"; printf "\\n${STREAMS} err\\n" >&2`;

/**
 * Runner: says READY with its pid, its parent's pid, its process group and its start time, waits for
 * `<marker> <bytes>` and that many bytes of shell text (0: a line of it), and becomes it. What follows on stdin belongs to the
 * command. A request that ends early never runs. `dd` reads no byte beyond what it is asked for; `head -c` on
 * macOS does. `read` of bash and ksh gives up after TMOUT seconds, so that is put aside too.
 *
 * Not every server gives a session its own process group (dropbear, Tailscale without `su -w`): there the runner
 * takes one, as far as the node has a program for it. `$1` is this same text, for that one time.
 */
const RUNNER_PROGRAM = [
  PLAIN,
  "l=${LC_ALL-}; s=${LC_ALL+x}; LC_ALL=C; o=${TMOUT-}; p=${TMOUT+x}; TMOUT=0",
  // What the kernel tells costs no process, and one that tells is the dearest part of a runner; the BSDs have only ps.
  'b=${1-}; if [ -r /proc/$$/stat ]; then read -r h </proc/$$/stat; set -- ${h##*\\) }; g="$3 ${20}"; ' +
    "else g=$(LC_ALL=C ps -o pgid=,lstart= -p $$ 2>/dev/null); fi",
  'set -- $g; if [ -n "$b" ] && [ "${1:-$$}" -ne $$ ]; then RESTORE; ' +
    'if command -v setsid >/dev/null 2>&1; then exec setsid /bin/sh -c "$b" /bin/sh; fi; ' +
    'if command -v perl >/dev/null 2>&1; then exec perl -e "setpgrp(0, 0); exec @ARGV" /bin/sh -c "$b" /bin/sh; fi; LC_ALL=C; TMOUT=0; fi',
  "STREAMS",
  `printf "${READY} %s %s %s\\n" $$ $PPID "$g"`,
  "IFS= read -r h || exit 0",
  // A short line is read without any program: to start one is the dearest part of a command.
  'n=${h#* }; b=; if [ "$n" = 0 ]; then IFS= read -r b || exit 0; fi',
  'while [ ${#b} -lt "$n" ]; do k=$((n-${#b})); if [ $k -gt 65536 ]; then k=65536; fi',
  'c=$(dd bs=$k count=1 2>/dev/null; echo x); c=${c%x}; [ -n "$c" ] || exit 0; b=$b$c; done',
  "RESTORE",
  'eval "$b"',
]
  .join("; ")
  .replaceAll(
    "RESTORE",
    'if [ -n "$s" ]; then LC_ALL=$l; else unset LC_ALL; fi; if [ -n "$p" ]; then TMOUT=$o; else unset TMOUT; fi',
  );

const RUNNER = RUNNER_PROGRAM.replace("STREAMS", `${NO_TERMINAL}; ${SAY_STREAMS}`);

/** The same in a terminal: raw while it waits, so that the request comes through whole and is not echoed. */
const TERMINAL_RUNNER = RUNNER_PROGRAM.replace(
  "STREAMS",
  `t=$(stty -g) && stty raw -echo || exit 1; printf "\\n${STREAMS} terminal\\n"`,
).replace('eval "$b"', 'stty "$t"; eval "$b"');

/**
 * Keeper: one a node. Reads lines: `+ group sshd` (watch; sshd 0 = our own connection), `- group` (forget),
 * `T group` (TERM, KILL after 3 s), `S group NAME` (signal), `R group start-time` (T, if it is still that
 * process), `P nonce` (says PONG with it, by builtins alone). End of input means that the gateway or the connection
 * is gone: groups of this connection end at once, those of others as soon as their own sshd is gone.
 */
const KEEPER_PROGRAM = [
  PLAIN,
  NO_TERMINAL,
  "LC_ALL=C; export LC_ALL; TMOUT=0",
  SAY_STREAMS,
  // An answer into a closed connection must not end what is there to end the commands.
  'trap "" PIPE',
  `printf "${KEEPER} os %s\\n${KEEPER} arch %s\\n${KEEPER} shell %s\\n${KEEPER} home %s\\n${KEEPER} host %s\\n${KEEPER} ready %s\\n" "$(uname -s)" "$(uname -m)" "\${SHELL-}" "\${HOME-}" "$(uname -n)" $$`,
  "l=",
  'forget() { r=; for x in $l; do [ "${x%%:*}" = "$1" ] || r="$r $x"; done; l=$r; }',
  // The process of another connection may be root's: then no signal may be sent to it, not even none.
  "up() { kill -s 0 $1 || [ -d /proc/$1 ] || ps -p $1; }",
  // dash and mksh read `-123` as an option without `--`; busybox takes `--` for a process that is not there.
  "m=--; kill -s 0 -- $$ 2>/dev/null || m=",
  "to() { kill -s $1 $m -$2; }",
  "born() { if [ -r /proc/$1/stat ]; then read -r h </proc/$1/stat; set -- ${h##*\\) }; echo ${20}; " +
    "else echo $(ps -o lstart= -p $1 2>/dev/null); fi; }",
  "finish() { to TERM $1; for i in 1 2 3; do sleep 1; to 0 $1 || return 0; done; to KILL $1; }",
  "while IFS= read -r q; do set -- $q; case $1 in " +
    '+) l="$l $2:$3";; ' +
    "-) forget $2;; " +
    "T) finish $2 </dev/null >/dev/null 2>&1 & ;; " +
    "S) to $3 $2 2>/dev/null;; " +
    'R) g=$2; shift 2; if [ "$(born $g)" = "$*" ]; then finish $g </dev/null >/dev/null 2>&1 & fi;; ' +
    // Not printf: of mksh it is no builtin.
    `P) echo "${PONG} $2" 2>/dev/null;; ` +
    "esac; done",
  "exec </dev/null >/dev/null 2>&1",
  'while [ -n "$l" ]; do for y in $l; do g=${y%%:*}; p=${y#*:}; ' +
    "if to 0 $g; then if [ $p -gt 0 ] && up $p; then continue; fi; finish $g & fi; forget $g; done; " +
    '[ -z "$l" ] || sleep 2; done',
  "wait",
].join("; ");

/** What the login shell is asked to run. Valid in bash, zsh, dash, fish and csh: `'…'` without `'`, `!` and line ends. */
export interface Launch {
  readonly runner: string;
  readonly terminalRunner: string;
  readonly keeper: string;
}

/**
 * @param loginShell whether the runner's environment comes from the user's profile: the login shell is started
 * as such, and then becomes the same program. csh takes no `-l` with `-c`, and stays as it is.
 */
export function launchCommands(loginShell: boolean): Launch {
  return {
    runner: launch(RUNNER, loginShell),
    terminalRunner: launch(TERMINAL_RUNNER, loginShell),
    keeper: launch(KEEPER_PROGRAM, false),
  };
}

const VIA_LOGIN_SHELL =
  'NODE_ROUTER_BOOT=$1; export NODE_ROUTER_BOOT; case ${SHELL-} in ""|*csh) exec /bin/sh -c "$1" /bin/sh "$1";; esac; ' +
  'exec "$SHELL" -l -c "exec /bin/sh -c \\"\\$NODE_ROUTER_BOOT\\" /bin/sh \\"\\$NODE_ROUTER_BOOT\\""';

function launch(program: string, loginShell: boolean): string {
  return loginShell
    ? `exec /bin/sh -c '${VIA_LOGIN_SHELL}' node-router '${program}'`
    : `exec /bin/sh -c 'eval "$1"' /bin/sh '${program}'`;
}
