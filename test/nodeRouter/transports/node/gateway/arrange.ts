// A transport, and a simulated node behind it whose clock stands still until it is told to go on.
import { vi } from "vitest";
import {
  createCommandJournal,
  type JournalEntry,
} from "../../../../../src/nodeRouter/transports/node/gateway/commandJournal.ts";
import { createNodeTransport } from "../../../../../src/nodeRouter/transports/node/gateway/createNodeTransport.ts";
import {
  createNodeCalls,
  type NodeCall,
} from "../../../../../src/nodeRouter/transports/node/gateway/nodeCalls.ts";
import type {
  CommandRequest,
  Outcome,
  RunningCommand,
} from "../../../../../src/nodeRouter/transports/transport.ts";
import { refusalText } from "../../../../../src/shared/refusal.ts";
import { SimNodeHost, type SimPlan } from "../../../../support/node/simNodeHost.ts";
import { SimNodeNet } from "../../../../support/node/simNodeNet.ts";

export const NODE = { name: "mac-sg", nodeId: "5a5a" };

/** To be undone with `vi.useRealTimers`. */
export function fakeTime(): void {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
}

/** Streams need turns of their own. */
export async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A script for the simulated node: it ends with code 0 as soon as it began, unless said otherwise. */
export function script(plan: Partial<SimPlan> = {}): string {
  return JSON.stringify({ id: "one", prints: [], endsAtMs: 0, exitCode: 0, ...plan });
}

/** @param left what an earlier life of the gateway wrote down */
export function arranged(left: readonly JournalEntry[] = []) {
  const host = new SimNodeHost();
  const calls = createNodeCalls();
  const net = new SimNodeNet(host, { nonce: calls.nonce });
  const sent: NodeCall[] = [];
  const invoke = (call: NodeCall): Promise<unknown> => {
    sent.push(call);
    return net.invoke(call);
  };
  const unpublish = calls.publish(invoke);
  const file: { text: string | null; writes: number } = {
    text: left.length === 0 ? null : JSON.stringify({ v: 1, commands: left }),
    writes: 0,
  };
  const store = {
    read: async () => file.text,
    async write(text: string) {
      file.text = text;
      file.writes += 1;
    },
  };
  const orphans: { readonly entry: JournalEntry; readonly outcome: Outcome }[] = [];
  const transport = createNodeTransport({
    calls,
    journal: createCommandJournal(store, () => {}),
    onOrphan: (entry, outcome) => void orphans.push({ entry, outcome }),
  });
  return {
    host,
    net,
    calls,
    sent,
    invoke,
    unpublish,
    file,
    orphans,
    transport,
    start: (request: Partial<CommandRequest> = {}) =>
      watched(transport.start(NODE, { script: script(), input: Buffer.alloc(0), ...request })),
  };
}

export interface Watched {
  readonly command: RunningCommand;
  /** Null: not settled. */
  outcome: Outcome | null;
  stdout: string;
  stderr: string;
  /** As a person reads it; null where it ran, or has not ended. */
  readonly text: string | null;
}

/** Its output is read as it comes. */
export function watched(command: RunningCommand): Watched {
  const seen: Watched = {
    command,
    outcome: null,
    stdout: "",
    stderr: "",
    get text() {
      const { outcome } = seen;
      return outcome === null || outcome.kind === "ran" ? null : refusalText(outcome);
    },
  };
  command.stdout.on("data", (chunk: Buffer) => {
    seen.stdout += chunk.toString("latin1");
  });
  command.stderr.on("data", (chunk: Buffer) => {
    seen.stderr += chunk.toString("latin1");
  });
  void command.outcome.then((outcome) => {
    seen.outcome = outcome;
  });
  return seen;
}
