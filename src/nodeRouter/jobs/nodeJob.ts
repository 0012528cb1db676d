// The shell program that starts a command which outlives its call, on a node, once. Pure text.
import { shellQuote } from "../../shared/shell.ts";

/** Bytes of output that a node keeps of one job, roughly: beyond it what is there is dropped, and the job goes on. */
export const KEPT_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Days after which the folder of an ended job is removed, when the next job starts. */
export const KEEP_DAYS = 7;

/** Folders that are kept, those of running jobs not counted: the oldest ended ones beyond it are removed. */
export const KEEP_FOLDERS = 100;

/** Jobs that run at once for one login of a node; the next one is refused. */
export const MAX_JOBS_ON_NODE = 24;

/** Folder of all jobs on the node, as shell text. HOME, not /tmp: nobody else can plant a folder there. */
export const JOBS_FOLDER = '"$HOME/.openclaw-node-router/jobs"';

/** First word of what a started job prints; its id and the process group's id follow. */
export const STARTED = "node-router-job-started";

/** The whole of a job's file `exit` where a start was made impossible before it came. */
export const NEVER = "never";

/**
 * When the leader `$p` started: tells it from a later process with the same id. On Linux in ticks since the
 * boot: what ps makes of them there shifts when the clock is set. Empty for a leader that is dead but was not
 * collected (a container without an init), and where neither can tell.
 */
const START_TIME = `{ awk '$3 != "Z" { print $22 }' "/proc/$p/stat" || ps -o lstart= -p "$p"; } 2>/dev/null`;

/** Sets `alive` to `yes` while the job's group is there and is still the one that was started. */
export const CHECK_ALIVE = `alive=no; if test -n "$p" && kill -s 0 -- "-$p" 2>/dev/null && test "$(${START_TIME})" = "$(cat "$d/start" 2>/dev/null)"; then alive=yes; fi`;

/** What one job may and has. */
export interface StartOptions {
  /** Takes input by a pipe in its folder (`in`) until USR1 to its leader ends that; else it has none. */
  readonly input?: boolean;
}

/**
 * Starts `command` detached and prints `node-router-job-started <id> <pgid>`; else it says why not on stderr, ends with
 * 1, and nothing ever runs. The job is the leader of its own process group (`setsid` on Linux, the shell's job control on
 * macOS, which has no setsid), so that it survives the call and can be ended whole.
 *
 * Its folder is the mark that it was started: whoever makes it is the only one (`mkdir` is O_EXCL), so a start that comes
 * twice, or after somebody made the folder to bar it, begins nothing. Files: `out` (stdout and stderr; `base`: bytes that
 * were dropped before it), `exit` (status, when ended), `pgid` and `start`, which are there before the command begins.
 */
export function startScript(jobId: string, command: string, { input = false }: StartOptions = {}): string {
  return [
    'test -n "$HOME" || { echo "node-router: HOME is not set on this node" >&2; exit 1; }',
    `umask 077; jobs=${JOBS_FOLDER}; mkdir -p "$jobs" || exit 1`,
    CLEAN,
    REFUSE_TOO_MANY,
    `d="$jobs/${jobId}"; mkdir "$d" || exit 1`,
    // Not in an argument list, which every user of the node can read. It removes itself: the shell has it open.
    `printf '%s\n' 'rm -f -- "$0"' ${shellQuote(command)} >"$d/run" || { rm -rf "$d"; exit 1; }`,
    "NODE_ROUTER_JOB=$d; export NODE_ROUTER_JOB",
    `if command -v setsid >/dev/null 2>&1; then setsid /bin/sh -c ${shellQuote(leader(input))} >/dev/null 2>&1 </dev/null &`,
    `else set -m; /bin/sh -c ${shellQuote(leader(input))} >/dev/null 2>&1 </dev/null & fi`,
    'n=0; until test -e "$d/pgid" || test ! -d "$d" || test "$n" -ge 250; do sleep 0.02; n=$((n+1)); done',
    'p=$(cat "$d/pgid" 2>/dev/null)',
    // Too slow: whoever makes `go` first decides, so that it does not begin behind our back.
    'if test -z "$p" && { test ! -d "$d" || mkdir "$d/go" 2>/dev/null; }; then rm -rf "$d"; echo "node-router: the job could not be started; is the disk full?" >&2; exit 1; fi',
    'n=0; until test -n "$p" || test "$n" -ge 250; do sleep 0.02; n=$((n+1)); p=$(cat "$d/pgid" 2>/dev/null); done',
    // It runs, also where nobody can be told: 1 would say that it never began.
    `echo "${STARTED} ${jobId} $p"; exit 0`,
  ].join("\n");
}

/** Of an ended job, or of one that is lost, in the folder `$jobs`: too old, or too many. */
const CLEAN = [
  "old() {",
  `  find . -mindepth 1 -maxdepth 1 -type d -name 'nr-*' -mtime +${KEEP_DAYS}`,
  `  ls -t | grep '^nr-' | tail -n +${KEEP_FOLDERS + 1}`,
  "}",
  '(cd "$jobs" && for d in $(old 2>/dev/null); do',
  `  p=$(cat "$d/pgid" 2>/dev/null); if test ! -e "$d/exit"; then ${CHECK_ALIVE}; test "$alive" = no || continue; fi`,
  '  rm -rf "$d"',
  "done)",
].join("\n");

/** By builtins alone as far as it goes: there may be a hundred folders. */
const REFUSE_TOO_MANY = [
  'running=0; for d in "$jobs"/nr-*; do if test -d "$d" && test ! -e "$d/exit"; then',
  `  p=; { read -r p <"$d/pgid"; } 2>/dev/null; ${CHECK_ALIVE}; test "$alive" = no || running=$((running+1))`,
  "fi; done",
  `test "$running" -lt ${MAX_JOBS_ON_NODE} || { echo "node-router: $running background commands run on this node already; end one with node_process, action kill" >&2; exit 1; }`,
].join("\n");

/**
 * The leader of the job's group: notes who it is, has the command run, and notes its end. A disk that is full before the
 * command begins keeps it from beginning; later it costs output, or the end, which is then unknown.
 */
function leader(input: boolean): string {
  return [
    "unset d; d=$NODE_ROUTER_JOB; unset NODE_ROUTER_JOB; p=$$",
    // Before anybody can know whom to tell that the input ends.
    'e=; trap "e=1; exec 3>&-" USR1',
    'mkdir "$d/go" || exit 1',
    `s=$(${START_TIME}); { echo "$s" >"$d/start" && : >"$d/out" && echo "$p" >"$d/pgid.part" && mv "$d/pgid.part" "$d/pgid"; } || { rm -rf "$d"; exit 1; }`,
    // Appending: what is written after the file was emptied begins at its start again.
    `(while sleep 5; do n=$(wc -c <"$d/out"); if test "$n" -gt ${KEPT_OUTPUT_BYTES}; then b=$(cat "$d/base" 2>/dev/null || echo 0); echo $((b+n)) >"$d/base.part" && mv "$d/base.part" "$d/base"; : >"$d/out"; fi; done) & w=$!`,
    // Held open by the leader, or else the command's input would end with the first connection.
    input
      ? 'if mkfifo "$d/in"; then exec 3<>"$d/in" 4<"$d/in"; else exec 4</dev/null; fi'
      : "exec 4</dev/null",
    'test ! -e "$d/eof" || exec 3>&-',
    '/bin/sh "$d/run" >>"$d/out" 2>&1 <&4 4<&- 3>&- & c=$!; exec 4<&-',
    // A wait that was broken off by USR1 gives 128 and its number: 10 on Linux, 30 on macOS.
    'while :; do e=; wait "$c"; s=$?; case $e$s in 1138|1158) ;; *) break;; esac; done',
    'kill "$w"; rm -f "$d/run" "$d/in"; echo "$s" >"$d/exit.part"; test ! -e "$d/exit" && mv "$d/exit.part" "$d/exit"',
  ].join("\n");
}
