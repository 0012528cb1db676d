// Presence source "ssh": what a node says of itself, by one script over the connection that is open anyway.
import type { PresenceSink, PresenceSource, PresenceTarget } from "../../record.ts";
import {
  type AddressOptions,
  type AddressTurn,
  addressFacts,
  newAddressTurn,
  refreshAddress,
} from "../addressTurn.ts";
import type { RunScript, ScriptRequest } from "./askSsh.ts";
import { parseAddress, parseStats, type StatsFacts } from "./parse.ts";
import { ADDRESS_SCRIPT, STATS_SCRIPT } from "./script.ts";

export interface SshStatsOptions extends AddressOptions {
  readonly run: RunScript;
}

/** How often it is looked whose turn it is: a node that was just connected does not wait for a whole minute. */
const INTERVAL_MS = 5_000;
const STATS_EVERY_MS = 60_000;
/** Of a node on which the script does not end: a dead network disk is not made better by asking. */
const LONGEST_BACKOFF_MS = 30 * 60_000;
const TIMEOUT_MS = 15_000;
const AT_A_TIME = 50;
/** Above the 5 s that the script itself gives the service. */
const ADDRESS_TIMEOUT_MS = 10_000;

interface NodeTurn {
  /** Of the target: under the same name it can be another machine from now on. */
  readonly sshTo: string | undefined;
  /** Of the monotonic clock. */
  statsDueMs: number;
  failures: number;
  readonly address: AddressTurn;
}

/**
 * Numbers are as old as the script's run; a public address is as old as its own question. A node without an open
 * connection is left as it is: its facts grow old.
 */
export function createSshStats(options: SshStatsOptions): PresenceSource {
  const turns = new Map<string, NodeTurn>();
  return {
    id: "ssh",
    intervalMs: () => INTERVAL_MS,
    timeoutMs: 5 * 60_000,
    async round(targets, sink, signal) {
      const nodes = targets.filter(({ ssh }) => ssh);
      const names = new Set(nodes.map(({ name }) => name));
      for (const name of turns.keys()) if (!names.has(name)) turns.delete(name);
      const due = nodes.filter((target) => turnOf(turns, target).statsDueMs <= options.monotonic());
      const worker = async (): Promise<void> => {
        for (let target = due.shift(); target !== undefined && !signal.aborted; target = due.shift()) {
          await observe(target, turnOf(turns, target), sink, options);
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_A_TIME, due.length) }, worker));
    },
  };
}

function turnOf(turns: Map<string, NodeTurn>, { name, sshTo }: PresenceTarget): NodeTurn {
  const present = turns.get(name);
  if (present !== undefined && present.sshTo === sshTo) return present;
  const turn: NodeTurn = { sshTo, statsDueMs: 0, failures: 0, address: newAddressTurn() };
  turns.set(name, turn);
  return turn;
}

async function observe(
  { name, workspace }: PresenceTarget,
  turn: NodeTurn,
  sink: PresenceSink,
  options: SshStatsOptions,
): Promise<void> {
  const { run, now, monotonic } = options;
  const request: ScriptRequest = { script: STATS_SCRIPT, args: [workspace ?? ""], timeoutMs: TIMEOUT_MS };
  const result = await run(name, request);
  if (!result.ok && !result.isConnected) return;
  const atMs = now();
  const facts = parseStats(result.stdout);
  const isWhole = result.ok && facts !== null;
  turn.failures = isWhole ? 0 : turn.failures + 1;
  turn.statsDueMs =
    monotonic() + Math.min(LONGEST_BACKOFF_MS, STATS_EVERY_MS * 2 ** Math.min(turn.failures, 8));
  await refreshAddress(turn.address, options, async (url) => {
    const asked = await run(name, { script: ADDRESS_SCRIPT, args: [url], timeoutMs: ADDRESS_TIMEOUT_MS });
    return asked.ok ? parseAddress(asked.stdout) : null;
  });
  if (facts === null && turn.address.address === null) return;
  const address = addressFacts(turn.address);
  const all: StatsFacts = { ...facts, ...address.facts };
  // What came before it was cut off holds all the same, and so does what an earlier run said of the rest.
  const partial = isWhole ? {} : { isPartial: true as const };
  sink.observe({ node: name, source: "ssh", atMs, ...address, facts: all, ...partial });
}
