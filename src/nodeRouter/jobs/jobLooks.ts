// Shell programs for a job on its node: look at it, follow it, end it, bar its start. Pure text.
import { shellQuote } from "../../shared/shell.ts";
import { CHECK_ALIVE, JOBS_FOLDER, NEVER } from "./nodeJob.ts";

/** Bytes of output that one look returns at most; the host's own cap for a node is 200,000 characters. */
export const MAX_OUTPUT_BYTES = 64 * 1024;

/** An offset beyond every output: a look tells the state alone. */
export const NO_OUTPUT = Number.MAX_SAFE_INTEGER;

/**
 * `group` is true while the group has a process that is not dead. Without ps a dead one that nobody collected
 * counts too, which only makes ending a job slower.
 */
const DEFINE_GROUP = `group() { if command -v ps >/dev/null 2>&1; then ps -A -o pgid= -o stat= 2>/dev/null | awk -v g="$p" '$1 == g && $2 !~ /^Z/ { f = 1 } END { exit !f }'; else kill -s 0 -- "-$p" 2>/dev/null; fi; }`;

/**
 * Of what runs no more: its own end came first, else what it was sent, for whoever sent that may not have noted it yet.
 * Its leader is the first to go: what ignores TERM is still to be ended by whoever sent it, and is waited for.
 */
const ENDED = [
  'n=0; while test -e "$d/killed" && test ! -e "$d/exit" && test "$n" -lt 100 && group; do sleep 0.1; n=$((n+1)); done',
  'if test -e "$d/exit"; then state="ended $(cat "$d/exit")"; elif test -e "$d/killed"; then state="ended $(cat "$d/killed")"; else state="lost -"; fi',
].join("\n");

/**
 * Sets `state` to `running -`, `ended <status>`, `lost -` or `gone -`. `lost`: neither running nor ended properly, e.g.
 * after the node was restarted. `gone`: it has not begun, or its folder was removed.
 */
const LOOK = [
  DEFINE_GROUP,
  'p=$(cat "$d/pgid" 2>/dev/null)',
  CHECK_ALIVE,
  'if test -e "$d/exit"; then state="ended $(cat "$d/exit")"',
  'elif test "$alive" = yes; then state="running -"',
  // The job may have ended between the two looks.
  `elif test -e "$d/exit" || test -n "$p"; then ${ENDED}; else state="gone -"; fi`,
].join("\n");

/** Sets `base` to the bytes that were dropped before `out`, and `size` to those there were in all. */
const MEASURE =
  'base=$(cat "$d/base" 2>/dev/null || echo 0); size=0; test -e "$d/out" && size=$(wc -c <"$d/out"); size=$((base+size))';

/**
 * Prints `state <running|ended|lost|gone> <exit status or -> <output size>` and then the output from byte
 * `offset` to that size, at most MAX_OUTPUT_BYTES of it: what a running job adds meanwhile is for the next look. Where
 * that was dropped, the first byte that is shown stands behind the size.
 */
export function pollScript(jobId: string, offset: number): string {
  return [
    `d=${JOBS_FOLDER}/${jobId}`,
    'test -d "$d" || { echo "state gone - 0"; exit 0; }',
    LOOK,
    // After the state: the size of an ended job's output is its last.
    `${MEASURE}; o=${offset}; from=; if test "$o" -lt "$base"; then o=$base; from=" $o"; fi`,
    'echo "state $state $size$from"',
    `n=$((size-o)); test "$n" -le ${MAX_OUTPUT_BYTES} || n=${MAX_OUTPUT_BYTES}`,
    'test "$n" -le 0 || tail -c +$((o-base+1)) "$d/out" | head -c "$n"',
  ].join("\n");
}

/**
 * Prints the job's output from byte `offset` on as it comes, until the job has ended; then, on stderr, `state <…> <exit
 * status or -> <output size>`. Bytes that were dropped before they could be shown are told there as `skipped <bytes>`.
 * @param input its own input goes to the job.
 */
export function followScript(jobId: string, offset: number, input: boolean): string {
  return [
    `d=${JOBS_FOLDER}/${jobId}; o=${offset}; k=0; w=0.1; i=; p=$(cat "$d/pgid" 2>/dev/null)`,
    // Asynchronous commands have no input unless it is said which.
    ...(input
      ? ['exec 5<&0; if test -p "$d/in"; then cat <&5 >"$d/in" 2>/dev/null & i=$!; fi; exec 5<&-']
      : []),
    "trap '' PIPE",
    'while :; do if test -e "$d/exit" || test "$k" -eq 0; then',
    LOOK,
    "fi; k=$(((k+1)%20))",
    `${MEASURE}; if test "$o" -lt "$base"; then echo "skipped $((base-o))" >&2; o=$base; fi`,
    'n=$((size-o)); if test "$n" -gt 0; then tail -c +$((o-base+1)) "$d/out" | head -c "$n" || break; o=$size; w=0.1; test "$state" = "running -" || continue; fi',
    'test "$state" = "running -" || break',
    "sleep $w; case $w in 0.1) w=0.2;; 0.2) w=0.4;; esac; done",
    'test -z "$i" || kill "$i" 2>/dev/null',
    'echo "state $state $size" >&2',
  ].join("\n");
}

/**
 * Makes a start of this job impossible where it has not come yet: prints `state never -`. Else `state there -`: it was
 * started, or somebody barred it before.
 */
export function barScript(jobId: string): string {
  return [
    `umask 077; jobs=${JOBS_FOLDER}; d="$jobs/${jobId}"; mkdir -p "$jobs" || exit 1`,
    `if mkdir "$d" 2>/dev/null; then echo ${NEVER} >"$d/exit"; echo "state never -"`,
    `elif test "$(cat "$d/exit" 2>/dev/null)" = ${NEVER}; then echo "state never -"`,
    // A start that was cut off before its leader had begun; the leader wants to make `go`, too.
    'elif test ! -e "$d/exit" && mkdir "$d/go" 2>/dev/null; then rm -f "$d/run"; echo never >"$d/exit"; echo "state never -"',
    'else n=0; until test -e "$d/pgid" || test -e "$d/exit" || test "$n" -ge 100; do sleep 0.02; n=$((n+1)); done',
    'test ! -d "$d" || echo "state there $(cat "$d/pgid" 2>/dev/null)"; fi',
  ].join("\n");
}

/** The job's input ends, as soon as what was sent has been read. */
export function endInputScript(jobId: string): string {
  return [
    `d=${JOBS_FOLDER}/${jobId}; p=$(cat "$d/pgid" 2>/dev/null)`,
    CHECK_ALIVE,
    ': >"$d/eof"; test -e "$d/exit" || test "$alive" = no || kill -s USR1 "$p"',
  ].join("\n");
}

/**
 * Ends the group `$2` of the job whose folder is `$1`, and notes how. On its own: a connection that is lost behind the
 * TERM would leave what ignores it, of which no leader is there any more to tell that it is the job's.
 */
const ENDING = [
  "d=$1; p=$2",
  DEFINE_GROUP,
  'kill -s TERM -- "-$p" 2>/dev/null; how=TERM; n=0',
  'while group && test "$n" -lt 30; do sleep 0.1; n=$((n+1)); done',
  'if group; then how=KILL; echo KILL >"$d/killed"; kill -s KILL -- "-$p"; fi',
  'test -e "$d/exit" || { echo "$how" >"$d/how.part" && mv "$d/how.part" "$d/exit"; }',
].join("\n");

/**
 * Ends the job's whole process group: TERM, then KILL after three seconds, also when nobody waits for that any more.
 * Never touches an ended job's id.
 */
export function killScript(jobId: string): string {
  const end = `/bin/sh -c ${shellQuote(ENDING)} node-router "$d" "$p" >/dev/null 2>&1 </dev/null &`;
  return [
    `d=${JOBS_FOLDER}/${jobId}`,
    'test -e "$d/exit" && { echo "state ended $(cat "$d/exit")"; exit 0; }',
    'p=$(cat "$d/pgid" 2>/dev/null); test -n "$p" || { echo "state gone -"; exit 0; }',
    CHECK_ALIVE,
    DEFINE_GROUP,
    // The job may have ended between the two looks.
    `test "$alive" = yes || { ${ENDED}; echo "state $state"; exit 0; }`,
    'echo TERM >"$d/killed"',
    `if command -v setsid >/dev/null 2>&1; then setsid ${end} else set -m; ${end} fi`,
    'n=0; until test -e "$d/exit" || test "$n" -ge 300; do sleep 0.05; n=$((n+1)); done',
    'test -e "$d/exit" && how=$(cat "$d/exit") || how=$(cat "$d/killed")',
    'echo "state killed $how"',
  ].join("\n");
}
