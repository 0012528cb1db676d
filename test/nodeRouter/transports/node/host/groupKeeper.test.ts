// What ends commands when the node host itself is gone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test, vi } from "vitest";
import { livingIn } from "../../../../support/executions.ts";

const SUPPORT = resolve(import.meta.dirname, "../../../../support/nodeEnd.ts");
const SLOW = { timeout: 60_000, interval: 100 };

/** A node host of its own, with one command that goes on in its group; told the group, and when the shell has ended. */
async function nodeHostWith(script: string) {
  const code = `
    import { nodeEnd } from ${JSON.stringify(SUPPORT)};
    const node = nodeEnd();
    const reply = await node.run(${JSON.stringify(script)}, { waitMs: 0, eof: false });
    console.log(reply.processGroup);
    setInterval(() => {
      if (!node.server.hasActiveWork) console.log("ended");
    }, 100);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const reading = createInterface(child.stdout).on("line", (line) => lines.push(line));
  await Promise.race([once(reading, "line"), once(child, "exit")]);
  return { child, group: Number(lines[0]), ended: () => lines.includes("ended") };
}

test.each([["SIGKILL"], ["SIGTERM"]] as const)(
  "a node host that ends by %s takes its commands with it, also those that ignore TERM",
  async (signal) => {
    const { child, group } = await nodeHostWith('trap "" TERM HUP; sleep 300 & while :; do sleep 1; done');
    await vi.waitFor(() => expect(livingIn(group)).toBeGreaterThan(1), SLOW);
    child.kill(signal);
    await once(child, "exit");
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  },
);

test("what a command that has ended left running on purpose outlives the node host, as over SSH", async () => {
  const { child, group, ended } = await nodeHostWith("nohup sleep 300 >/dev/null 2>&1 & true");
  await vi.waitFor(() => expect([livingIn(group), ended()]).toEqual([1, true]), SLOW);
  child.kill("SIGKILL");
  await once(child, "exit");
  await new Promise((done) => setTimeout(done, 4_500));
  expect(livingIn(group)).toBe(1);
  process.kill(-group, "SIGKILL");
});
