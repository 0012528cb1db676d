// docs/ledger.md shows what the code prints: calls on their whole way through the hooks, and a ledger that was edited.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { LEDGER } from "../../src/nodeRouter/ledger/ledger.ts";
import { callsText, verifyText } from "../../src/nodeRouter/surfaces/cli/callsText.ts";
import { calls, verify } from "../../src/nodeRouter/surfaces/methods/ledgerMethods.ts";
import { ledgerIn } from "../nodeRouter/ledger/arrange.ts";
import { contextOf, execEvent, fakeDeps, SG_ID } from "../support/fakeDeps.ts";

const PAGE = readFileSync(join(resolve(import.meta.dirname, "../.."), "docs/ledger.md"), "utf8");

const CONFIG = {
  nodes: {
    "mac-sg": { tags: ["region=sg"], location: { country: "SG" } },
    "mac-cn": { tags: ["region=cn"] },
  },
  rules: [
    { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
    { name: "europe", agents: ["master"], require: "region=eu" },
  ],
};

const WIDE = 140;

/** The lines below the command in the page's first block that shows it. */
function shown(command: string): string {
  const [, after = ""] = PAGE.split(`\`\`\`\nopenclaw node-router ${command}\n`);
  return after.split("\n```")[0] ?? "";
}

test("what it shows of calls and of a check is what a wide terminal shows of such calls", async () => {
  const deps = fakeDeps({ config: CONFIG });
  await using ledger = ledgerIn("best-effort", { now: () => deps.clockMs });
  deps.memory.part(LEDGER).current = ledger.audit;
  deps.clockMs = Date.UTC(2026, 10, 30, 1, 31, 11, 482);
  const call = async (agent: string, id: string, ms: number, details: object) => {
    const event = execEvent(deps, { command: "make" }, { toolCallId: id });
    const context = { ...contextOf(agent), toolCallId: id };
    const answer = await createToolPolicy(deps)(event, context);
    deps.clockMs += ms;
    if (answer !== undefined && !("block" in answer))
      createAfterToolCall(deps)({ ...event, result: { details } }, context);
    deps.clockMs += 400;
  };
  await call("master", "1", 0, {});
  await call("worker-sg", "2", 143, { status: "completed", exitCode: 0, nodeId: SG_ID });
  await call("worker-sg", "3", 2_081, { status: "failed", failureKind: "timeout", nodeId: SG_ID });
  const report = await calls(deps, { reasons: true });
  expect(report.calls).toHaveLength(3);
  expect(callsText(report, WIDE)).toBe(shown("calls"));

  const before = ledger.text();
  const edited = before.replace('"outcome":"ran"', '"outcome":"refused"');
  expect(edited).not.toBe(before);
  writeFileSync(ledger.file, edited);
  const text = verifyText(await verify(deps, {}), WIDE).replace(/^head \d+ \S+$/m, "head 5 …");
  expect(text).toBe(shown("ledger verify"));
});
