// Shell programs for commands that outlive their call: start one detached on a node, look at it, end it. Pure text.
import { shellQuote } from "../../shared/shell.ts";

/** Bytes of output that one look returns at most; the host's own cap for a node is 200,000 characters. */
export const MAX_OUTPUT_BYTES = 64 * 1024;

/** Days after which the folder of an ended job is removed, when the next job starts. */
export const KEEP_DAYS = 7;

/** Folder of all jobs on the node, as shell text. HOME, not /tmp: nobody else can plant a folder there. */
const JOBS = '"$HOME/.openclaw-node-router/jobs"';

/** First word of what a started job prints; its id and the process group's id follow. */
export const STARTED = "node-router-job-started";

/**
 * When the leader `$p` started: tells it from a later process with the same id. On Linux in ticks since the
 * boot: what ps makes of them there shifts when the clock is set. Empty for a leader that is dead but was not
 * collected (a container without an init), and where neither can tell.
 */
const START_TIME = `{ awk '$3 != "Z" { print $22 }' "/proc/$p/stat" || ps -o lstart= -p "$p"; } 2>/dev/null`;

/** Sets `alive` to `yes` while the job's group is there and is still the one that was started. */
const CHECK_ALIVE = `alive=no; if test -n "$p" && kill -s 0 -- "-$p" 2>/dev/null && test "$(${START_TIME})" = "$(cat "$d/start" 2>/dev/null)"; then alive=yes; fi`;

/**
 * `group` is true while the group has a process that is not dead. Without ps a dead one that nobody collected
 * counts too, which only makes ending a job slower.
 */
const DEFINE_GROUP = `group() { if command -v ps >/dev/null 2>&1; then ps -A -o pgid= -o stat= 2>/dev/null | awk -v g="$p" '$1 == g && $2 !~ /^Z/ { f = 1 } END { exit !f }'; else kill -s 0 -- "-$p" 2>/dev/null; fi; }`;

/**
 * Starts `command` detached and prints `node-router-job-started <id> <pgid>`. The job is the leader of its own
 * process group (`setsid` on Linux, the shell's job control on macOS, which has no setsid), so that it
 * survives the call and can be ended whole. Files: `out` (stdout and stderr), `exit` (status, when ended).
 */
export function startScript(jobId: string, command: string): string {
  // The host already runs us in a login shell, so the job inherits its environment.
  const inner = `/bin/sh -c ${shellQuote(command)} >"$d/out" 2>&1 </dev/null; s=$?; echo "$s" >"$d/exit.part"; mv "$d/exit.part" "$d/exit"`;
  return [
    'test -n "$HOME" || { echo "node-router: HOME is not set on this node" >&2; exit 1; }',
    `umask 077; jobs=${JOBS}; d="$jobs/${jobId}"`,
    'mkdir -p "$d" || exit 1',
    `find "$jobs" -mindepth 1 -maxdepth 1 -type d -mtime +${KEEP_DAYS} -exec sh -c 'test -e "$1/exit" && rm -rf "$1"' _ {} \\; 2>/dev/null`,
    "export d",
    `if command -v setsid >/dev/null 2>&1; then setsid /bin/sh -c ${shellQuote(inner)} >/dev/null 2>&1 </dev/null &`,
    `else set -m; /bin/sh -c ${shellQuote(inner)} >/dev/null 2>&1 </dev/null & fi`,
    'p=$!; echo "$p" >"$d/pgid"; n=0',
    // Until setsid has made the group, nobody could end it.
    'until kill -s 0 -- "-$p" 2>/dev/null || test -e "$d/exit" || test "$n" -ge 50; do sleep 0.02; n=$((n+1)); done',
    `${START_TIME} >"$d/start"`,
    `echo "${STARTED} ${jobId} $p"`,
  ].join("\n");
}

/**
 * Prints `state <running|ended|lost|gone> <exit status or -> <output size>` and then the output from byte
 * `offset` to that size, at most MAX_OUTPUT_BYTES of it: what a running job adds meanwhile is for the next look.
 * `lost`: neither running nor ended properly, e.g. after the node was restarted.
 */
export function pollScript(jobId: string, offset: number): string {
  return [
    `d=${JOBS}/${jobId}`,
    'test -d "$d" || { echo "state gone - 0"; exit 0; }',
    'p=$(cat "$d/pgid" 2>/dev/null)',
    CHECK_ALIVE,
    'if test -e "$d/exit"; then state="ended $(cat "$d/exit")"',
    'elif test "$alive" = yes; then state="running -"',
    // The job may have ended between the two looks.
    'elif test -e "$d/exit"; then state="ended $(cat "$d/exit")"; else state="lost -"; fi',
    // After the state: the size of an ended job's output is its last.
    'size=0; test -e "$d/out" && size=$(wc -c <"$d/out"); echo "state $state" $size',
    `n=$((size - ${offset})); test "$n" -le ${MAX_OUTPUT_BYTES} || n=${MAX_OUTPUT_BYTES}`,
    `test "$n" -le 0 || tail -c +${offset + 1} "$d/out" | head -c "$n"`,
  ].join("\n");
}

/** Ends the job's whole process group: TERM, then KILL after three seconds. Never touches an ended job's id. */
export function killScript(jobId: string): string {
  return [
    `d=${JOBS}/${jobId}`,
    'test -e "$d/exit" && { echo "state ended $(cat "$d/exit")"; exit 0; }',
    'p=$(cat "$d/pgid" 2>/dev/null); test -n "$p" || { echo "state gone -"; exit 0; }',
    CHECK_ALIVE,
    // The job may have ended between the two looks.
    'test "$alive" = yes || { if test -e "$d/exit"; then echo "state ended $(cat "$d/exit")"; else echo "state lost -"; fi; exit 0; }',
    DEFINE_GROUP,
    'kill -s TERM -- "-$p" 2>/dev/null; n=0',
    'while group && test "$n" -lt 30; do sleep 0.1; n=$((n+1)); done',
    'if group; then kill -s KILL -- "-$p"; how=KILL; else how=TERM; fi',
    'test -e "$d/exit" || echo "$how" >"$d/exit"',
    'echo "state killed $how"',
  ].join("\n");
}
