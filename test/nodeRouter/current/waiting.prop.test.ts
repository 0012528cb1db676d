// Many calls for few places: never more than may run, each begins once, nobody is overtaken, and nothing is left.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { createAfterToolCall } from "../../../src/hooks/afterToolCall.ts";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { WAITING } from "../../../src/nodeRouter/current/waiting.ts";
import { RUNNING } from "../../../src/nodeRouter/state/running.ts";
import { contextOf, execEvent, fakeDeps, hostEntry } from "../../support/fakeDeps.ts";

const NODES = ["n0", "n1", "n2"];
const idOf = (name: string) => name.repeat(32).slice(0, 64);
/** Which nodes an agent may use: sets that overlap, and one that is alone. */
const AGENTS: Readonly<Record<string, string>> = { a: "t in (n0)", b: "t in (n0,n1)", c: "t in (n2)" };

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("call" as const),
        agent: fc.constantFrom("a", "a", ...Object.keys(AGENTS)),
        times: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), at: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), at: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("flip" as const), at: fc.nat(2) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(100, 1_500, 5_000) }),
    },
  ),
  { minLength: 20, maxLength: 60, size: "max" },
);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Called {
  readonly id: string;
  readonly agent: string;
  readonly run: AbortController;
  node: string | null;
  isOver: boolean;
  answers: number;
}

test("at most maxRunning calls run on a node, each begins at most once, in the order in which its agent's came", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 2 }), async (all, maxRunning) => {
      const config = {
        nodes: Object.fromEntries(
          NODES.map((name) => [name, { node: idOf(name), tags: [`t=${name}`], maxRunning }]),
        ),
        rules: Object.entries(AGENTS).map(([agent, require]) => ({
          name: agent,
          agents: [agent],
          require,
          onUnavailable: { wait: "20s" },
        })),
      };
      const deps = fakeDeps({ config });
      const connected = new Set(NODES);
      const list = () => {
        deps.nodes = {
          nodes: NODES.map((name) => hostEntry(name, idOf(name), { connected: connected.has(name) })),
        };
      };
      list();
      expect(deps.memory.part(PLUGIN_CONFIG).current?.problems).toEqual([]);
      const policy = createToolPolicy(deps);
      const after = createAfterToolCall(deps);
      const calls: Called[] = [];
      const begun: string[] = [];

      const check = () => {
        for (const name of NODES) {
          const there = calls.filter(({ node, isOver }) => node === idOf(name) && !isOver);
          expect(there.length).toBeLessThanOrEqual(maxRunning);
          expect(deps.memory.part(RUNNING).on(name)).toBe(there.length);
        }
        // Of one agent, which has one set of nodes, nobody begins before one that came earlier and still waits.
        for (const agent of Object.keys(AGENTS)) {
          const order = begun.filter((id) => id.startsWith(agent)).map((id) => Number(id.slice(1)));
          expect(order).toEqual(order.toSorted((x, y) => x - y));
        }
      };
      const pass = async (ms: number) => {
        for (let left = ms; left > 0; left -= 500) {
          deps.clockMs += Math.min(500, left);
          await vi.advanceTimersByTimeAsync(Math.min(500, left));
        }
        check();
      };

      const begin = (agent: string) => {
        const call: Called = {
          id: `${agent}${calls.length}`,
          agent,
          run: new AbortController(),
          node: null,
          isOver: false,
          answers: 0,
        };
        calls.push(call);
        const event = execEvent(deps, { command: "x" }, { toolCallId: call.id });
        const context = { ...contextOf(agent), toolCallId: call.id, abortSignal: call.run.signal };
        void policy(event, context).then((answer) => {
          call.answers += 1;
          if (answer !== undefined && "params" in answer) {
            call.node = String(answer.params.node);
            begun.push(call.id);
          } else call.isOver = true;
        });
      };

      for (const step of all) {
        switch (step.do) {
          case "call":
            // Several of the same moment.
            for (let at = 0; at < step.times; at++) begin(step.agent);
            break;

          case "end": {
            const running = calls.filter(({ node, isOver }) => node !== null && !isOver);
            const call = running[step.at % Math.max(1, running.length)];
            if (call === undefined) break;
            call.isOver = true;
            const event = execEvent(deps, {}, { toolCallId: call.id });
            after(
              { ...event, result: { details: { nodeId: call.node, exitCode: 0 } } },
              { ...contextOf(call.agent), toolCallId: call.id },
            );
            break;
          }
          case "abort": {
            const waiting = calls.filter(({ node, isOver }) => node === null && !isOver);
            waiting[step.at % Math.max(1, waiting.length)]?.run.abort();
            break;
          }
          case "flip": {
            const name = NODES[step.at] ?? "";
            if (!connected.delete(name)) connected.add(name);
            list();
            break;
          }
          case "pass":
            await pass(step.ms);
        }
        await vi.advanceTimersByTimeAsync(1);
        check();
      }
      // Everything comes back, every call ends: whoever still waits begins, or its time is over.
      for (const name of NODES) connected.add(name);
      list();
      await pass(25_000);
      expect(calls.every(({ answers }) => answers === 1)).toBe(true);
      expect([deps.memory.part(WAITING).calls.size, vi.getTimerCount()]).toEqual([0, 0]);
    }),
    { numRuns: 20 },
  );
}, 120_000);
