// `probe <node>`: a fresh connection, step by step, down to the workspace directory.
import type { Client } from "ssh2";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { messageOf } from "../../../shared/errors.ts";
import { refusal, refusalLine, refusalText } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { ConnectEnv } from "./connect/base/env.ts";
import { type Step, step } from "./connect/base/steps.ts";
import { sever } from "./connect/bounds/guard.ts";
import { connect } from "./connect/connect.ts";
import { hopAddress, resolveTarget, type SshTarget } from "./connect/hops.ts";
import type { ConnectOptions } from "./connect/options.ts";
import { LIMITS } from "./pool/poolOptions.ts";
import { noSession } from "./pool/refusals.ts";
import { ShellOpener } from "./pool/shellOpener.ts";
import { Connection } from "./session/connection.ts";

export interface ProbeReport {
  readonly node: string;
  /** `user@host:port`, with the jump hosts before it; null: the settings are not sound. */
  readonly way: string | null;
  /** Whether every step succeeded. */
  readonly ok: boolean;
  readonly steps: readonly Step[];
  /** Of the step that failed, with its code; null when none did. */
  readonly problem: string | null;
}

/** Longest time for one command of the probe. */
const SESSION_TIMEOUT_MS = 10_000;
/** Of one command of the probe. */
const MAX_OUTPUT = 1 << 16;
const MAX_LINE = 8_192;
/** Of what the server says in an error. */
const MAX_WORDS = 300;
const WORKSPACE_LINE = /^(is|file|missing) (writable|readonly)(?: (.*))?$/;

/**
 * Says on one line: whether the directory on stdin is there and may be written to, or the nearest one above it.
 * No single quotes, backslashes or exclamation marks: it also has to get through fish and csh.
 */
const WORKSPACE_SCRIPT = [
  "IFS= read -r d",
  // Ends for any text: each round takes a part off, and what has none left is the root.
  `p=$d; until test -d "$p"; do case $p in ?*/*) p=\${p%/*};; *) p=/;; esac; done`,
  `if test -w "$p"; then w=writable; else w=readonly; fi`,
  `if test "$p" = "$d"; then echo "is $w"; elif test -e "$d"; then echo "file $w"; else echo "missing $w $p"; fi`,
].join("; ");

/** Never the pool's connections: what is shown is how a new one would fare. Never throws for what can be expected. */
export async function probeNode(
  node: ConfiguredNode,
  env: ConnectEnv,
  options: ConnectOptions = {},
): Promise<ProbeReport> {
  const startedMs = env.now();
  const resolved = await resolveTarget(node, env, options.signal);
  const settingsMs = env.now() - startedMs;
  if (!resolved.ok) {
    const problem = refusalLine(resolved);
    const steps = [step(node.name, "settings", false, settingsMs, problem)];
    return { node: node.name, way: null, ok: false, steps, problem };
  }
  const { target } = resolved;
  const way = [...target.jumps, target.last].map(hopAddress).join(" > ");
  const steps: Step[] = [step(target.last.name, "settings", true, settingsMs, settingsText(way, target))];
  const connected = await connect(target, env, options);
  steps.push(...connected.steps);
  if (!connected.ok) {
    return { node: node.name, way, ok: false, steps, problem: refusalLine(connected) };
  }
  try {
    const session = await trySession(node, target, connected.client, env, options.readyMs ?? LIMITS.readyMs);
    steps.push(session);
    if (session.ok) steps.push(await tryWorkspace(node, target, connected.client, env));
  } finally {
    sever(connected.client);
  }
  const failed = steps.find(({ ok }) => !ok);
  return { node: node.name, way, ok: failed === undefined, steps, problem: failed?.detail ?? null };
}

function settingsText(way: string, { notes }: SshTarget): string {
  return [way, ...notes].join("; ");
}

/** Opens what a command would get, and spends one of them to see that it is what commands rely on. */
async function trySession(
  { loginShell }: ConfiguredNode,
  target: SshTarget,
  client: Client,
  env: ConnectEnv,
  readyMs: number,
): Promise<Step> {
  const startedMs = env.now();
  const done = (ok: boolean, detail: string) =>
    step(target.last.name, "session", ok, env.now() - startedMs, detail);
  const connection = new Connection(client);
  const opener = new ShellOpener({ loginShell, readyMs, onOpen: () => {}, onEnd: () => {} });
  try {
    (await opener.plain(connection)).discard();
    return done(true, "/bin/sh runs; streams and exit code come through");
  } catch (error) {
    return done(false, refusalText(noSession(target.node, error)));
  }
}

async function tryWorkspace(
  node: ConfiguredNode,
  target: SshTarget,
  client: Client,
  env: ConnectEnv,
): Promise<Step> {
  const startedMs = env.now();
  const done = (ok: boolean, detail: string) =>
    step(target.last.name, "workspace", ok, env.now() - startedMs, detail);
  if (node.workspace === null) return done(true, "none is configured");
  const place = quote(node.workspace);
  const unavailable = (fact: string) =>
    done(
      false,
      refusalLine(
        refusal("WORKSPACE_UNAVAILABLE", `${place} on node ${quote(node.name)} ${fact}`, {
          advice: "mend the directory, or the node's workspace in the config",
        }),
      ),
    );
  const ran = await run(client, `/bin/sh -c '${WORKSPACE_SCRIPT}'`, `${node.workspace}\n`);
  const [state, access, above] = workspaceLine(ran.stdout);
  if (ran.error !== null || state === undefined) {
    return unavailable(
      `could not be looked at: ${ran.error ?? (quote(ran.stderr.slice(0, 200)) || "no answer")}`,
    );
  }
  if (state === "is")
    return access === "writable"
      ? done(true, `${place} is there and writable`)
      : unavailable("is not writable");
  if (state === "file") return unavailable("is not a directory");
  return access === "writable"
    ? done(true, `${place} is made on first use`)
    : unavailable(`is not there, and ${quote(above ?? "")} is not writable`);
}

/** What the script said last; whatever the login shell printed stands before it. */
function workspaceLine(stdout: string): readonly (string | undefined)[] {
  for (const line of stdout.slice(0, MAX_OUTPUT).split("\n").reverse()) {
    const [, state, access, above] = WORKSPACE_LINE.exec(line.slice(0, MAX_LINE)) ?? [];
    if (state !== undefined) return [state, access, above];
  }
  return [];
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  /** Why there is no result; null when there is one. */
  readonly error: string | null;
}

/** Bounded in time and in what it keeps. */
function run(client: Client, command: string, input: string): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const kept = { stdout: "", stderr: "" };
  let bytes = 0;
  let exitCode: number | null = null;
  const keep = (key: keyof typeof kept) => (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_OUTPUT) kept[key] += chunk.toString("utf8");
    else end(`it printed more than ${MAX_OUTPUT / 1024} KiB`);
  };
  const end = (error: string | null) => resolve({ ...kept, exitCode, error });
  const timer = setTimeout(() => end(`no answer within ${SESSION_TIMEOUT_MS} ms`), SESSION_TIMEOUT_MS);
  const onClose = () => end("the connection ended");
  client.once("close", onClose);
  try {
    client.exec(command, (error, channel) => {
      if (error) {
        end(safe(messageOf(error).slice(0, MAX_WORDS)));
        return;
      }
      channel.on("error", (fault: Error) => end(safe(messageOf(fault).slice(0, MAX_WORDS))));
      channel.on("exit", (code: number | null) => {
        exitCode = code;
      });
      channel.on("data", keep("stdout"));
      channel.stderr.on("data", keep("stderr"));
      channel.once("close", () => end(null));
      channel.end(input);
    });
  } catch (error) {
    end(messageOf(error));
  }
  return promise.finally(() => {
    clearTimeout(timer);
    client.off("close", onClose);
  });
}
