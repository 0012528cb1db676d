// The lease of a command that takes long to begin, as where its directory hangs.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  HostedCommands,
  type NotBegun,
} from "../../../../../src/nodeRouter/transports/node/host/hostedCommands.ts";

const LEASE_MS = 1_000;
const FORGOTTEN: NotBegun = { why: "forgotten", fact: "given up" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One whose begin waits until it is told to go on; told the signals that it was sent. */
function slow() {
  const commands = new HostedCommands({ leaseMs: LEASE_MS });
  const { promise, resolve } = Promise.withResolvers<void>();
  const signals: string[] = [];
  const process = {
    processGroup: 1,
    unwritten: 0,
    write: () => {},
    endInput: () => {},
    flow: () => {},
    signal: (name: string) => void signals.push(name),
    release: () => {},
  };
  const run = commands.run("key", async (command, isForgotten) => {
    await promise;
    if (isForgotten()) return FORGOTTEN;
    command.process = process;
    return null;
  });
  return { commands, run, goOn: resolve, signals };
}

describe("a command that is still about to begin when its lease is over", () => {
  test("does not begin: nobody would be there to end it", async () => {
    const { commands, run, goOn } = slow();
    await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
    goOn();
    expect(await run).toEqual(FORGOTTEN);
    expect(commands.isActive).toBe(false);
    expect(await commands.run("key", async () => null)).toMatchObject({ why: "forgotten" });
  });

  test("begins where somebody has asked for it meanwhile, and has its lease then", async () => {
    const { commands, run, goOn, signals } = slow();
    for (let asked = 0; asked < 5; asked++) {
      await vi.advanceTimersByTimeAsync(LEASE_MS - 100);
      void commands.find("key");
    }
    goOn();
    expect(await run).toMatchObject({ fresh: true });
    expect([commands.isActive, signals]).toEqual([true, []]);
    await vi.advanceTimersByTimeAsync(LEASE_MS + 100);
    expect(signals).toContain("TERM");
    commands.close();
  });
});
