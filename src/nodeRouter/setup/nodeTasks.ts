// The few things that a set-up does on the machine itself, each a constant script for /bin/sh.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell text, not templates
import { STATS_SCRIPT } from "../../presence/sources/ssh/script.ts";
import { SAYS } from "./saidBy.ts";

export type NodeTask =
  | "facts"
  | "openclaw"
  | "identity"
  | "folder"
  | "install"
  | "uninstall"
  | "connect"
  | "disconnect";

export interface TaskScript {
  readonly script: string;
  /** Milliseconds; what is sent along has its own time. */
  readonly deadlineMs: number;
  /** This package's archive goes along as its input. */
  readonly takesPackage?: true;
}

const SAY = `say() { printf '${SAYS}%s %s\\n' "$1" "$2"; }`;

/**
 * PATH as the user's own shell has it: where OpenClaw stands is often said in its profile alone. `env` and not `$PATH`:
 * each shell has its own form of lists.
 */
const WITH_OPENCLAW = [
  SAY,
  `for how in -lc -ilc; do`,
  `p=$("\${SHELL:-/bin/sh}" $how env </dev/null 2>/dev/null | sed -n 's/^PATH=//p' | sed -n '$p')`,
  `if [ -n "$p" ] && (PATH=$p; command -v openclaw) >/dev/null 2>&1; then PATH=$p; export PATH; break; fi`,
  `done`,
  `command -v openclaw >/dev/null 2>&1 || { say missing openclaw; exit 0; }`,
].join("\n");

/** Whether this machine has what keeps a user's service alive. */
const SERVICES = [
  "case $(uname -s) in Darwin) say service launchd;;",
  "*) if command -v systemctl >/dev/null 2>&1 && systemctl --user show-environment >/dev/null 2>&1; then say service systemd; else say service none; fi;; esac",
].join("\n");

/** Where the node host's output goes that no service keeps. */
const LOG = "${OPENCLAW_STATE_DIR:-$HOME/.openclaw}/node-router-node.log";

/**
 * How long a node host waits for an answer (OpenClaw's own limit is 15 s). In a cut the machine's sshd takes its attempts
 * and cannot pass them on: each that ends doubles the pause before the next, up to 30 s, and that pause outlives the cut.
 * What a person has set stays.
 */
export const WAITS_FOR = { variable: "OPENCLAW_HANDSHAKE_TIMEOUT_MS", ms: 600_000 };
const WAITS = `env.vars.${WAITS_FOR.variable}`;

export const NODE_TASKS: Readonly<Record<NodeTask, TaskScript>> = {
  /** The login's home, and what presence asks as well. */
  facts: {
    script: `${SAY}\nsay home "$HOME"\n${STATS_SCRIPT}`,
    deadlineMs: 15_000,
  },
  openclaw: {
    script: [
      WITH_OPENCLAW,
      SERVICES,
      `say version "$(openclaw --version 2>/dev/null | sed -n '$p')"`,
      `openclaw plugins list --json 2>/dev/null | tr -d '\\n' | sed -n 's/.*"id": *"node-router"[^{}]*"version": *"\\([^"]*\\)".*/${SAYS}plugin \\1/p'`,
    ].join("\n"),
    deadlineMs: 60_000,
  },
  identity: {
    script: [
      WITH_OPENCLAW,
      `openclaw node identity --json 2>/dev/null | tr -d '\\n' | sed -n 's/.*"deviceId": *"\\([0-9a-f]*\\)".*/${SAYS}device \\1/p'`,
    ].join("\n"),
    deadlineMs: 60_000,
  },
  /** $1: an absolute folder. $2: `look`, `make`, or `remove`, which takes an empty one away and no other. */
  folder: {
    script: `${SAY}\ncase $2 in look) [ ! -d "$1" ] || say folder "$1";; make) mkdir -p "$1";; remove) rmdir "$1";; esac`,
    deadlineMs: 15_000,
  },
  install: {
    script: [
      WITH_OPENCLAW,
      `d=$(mktemp -d "\${TMPDIR:-/tmp}/node-router.XXXXXX") || exit 1`,
      `trap 'rm -rf "$d"' EXIT; trap 'exit 1' HUP INT TERM`,
      `cat >"$d/openclaw-node-router.tgz" || exit 1`,
      `openclaw plugins install "npm-pack:$d/openclaw-node-router.tgz" --force --accept-capabilities </dev/null >&2`,
    ].join("\n"),
    deadlineMs: 180_000,
    takesPackage: true,
  },
  uninstall: {
    script: `${WITH_OPENCLAW}\nopenclaw plugins uninstall node-router --force </dev/null >&2`,
    deadlineMs: 120_000,
  },
  /**
   * The setup code comes on stdin and is in no argument. $1: display name. $2: `service`, or `foreground`: where nothing
   * keeps services the node host runs on until the machine restarts.
   */
  connect: {
    script: [
      WITH_OPENCLAW,
      "umask 077",
      `f=$(mktemp "\${TMPDIR:-/tmp}/node-router.XXXXXX") || exit 1`,
      `trap 'rm -f "$f"' EXIT; trap 'exit 1' HUP INT TERM`,
      `cat >"$f" || exit 1`,
      `openclaw config get ${WAITS} >/dev/null 2>&1 </dev/null || openclaw config set ${WAITS} '"${WAITS_FOR.ms}"' </dev/null >&2`,
      `if [ "$2" = service ]; then openclaw connect --target-file "$f" --service --display-name "$1" </dev/null >&2; exit; fi`,
      `log="${LOG}"; mkdir -p "$(dirname "$log")" || exit 1`,
      // A session of its own: the end of this one must not end it.
      `alone=; if command -v setsid >/dev/null 2>&1; then alone=setsid; fi`,
      `nohup $alone openclaw connect --target-file "$f" --display-name "$1" </dev/null >"$log" 2>&1 &`,
      `pid=$!; i=0; while [ -s "$f" ] && kill -0 "$pid" 2>/dev/null && [ $i -lt 150 ]; do sleep 1; i=$((i + 1)); done`,
      `if [ -e "$f" ]; then kill "$pid" 2>/dev/null; echo "openclaw connect has not read its code:" >&2; tail -n 5 "$log" >&2; exit 1; fi`,
      `say log "$log"`,
    ].join("\n"),
    deadlineMs: 180_000,
  },
  /** $1: display name, $2 as above. Ends what `connect` began. */
  disconnect: {
    script: [
      WITH_OPENCLAW,
      `[ "$(openclaw config get ${WAITS} 2>/dev/null </dev/null)" != ${WAITS_FOR.ms} ] || openclaw config unset ${WAITS} </dev/null >&2`,
      `if [ "$2" = service ]; then openclaw node uninstall </dev/null >&2; exit; fi`,
      // The mark is in the process's arguments; our own shell's has the script on its stdin.
      `for p in $(ps -A -o pid= -o args= | awk -v n="--display-name $1" 'index($0, "connect --target-file") && index($0 " ", n " ") { print $1 }'); do kill "$p" 2>/dev/null; done; exit 0`,
    ].join("\n"),
    deadlineMs: 60_000,
  },
};
