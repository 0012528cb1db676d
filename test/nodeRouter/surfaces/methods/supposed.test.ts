// Explain with something supposed: what would be, by the same road, and nothing of it stays.
import { expect, test } from "vitest";
import { cordon } from "../../../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";

const HOST = { agents: { entries: { "worker-sg": {}, master: {} } } };

function arrange() {
  const deps = fakeDeps({ hostConfig: HOST });
  const { explain } = createMethods(deps, "1", async () => {});
  return { deps, explain, of: (supposed: object) => explain({ agent: "worker-sg", ...supposed }) };
}

test.each<readonly [object, object, string]>([
  [{ down: ["mac-sg"] }, { outcome: "refused", node: null }, "node mac-sg is down"],
  [{ down: "mac-cn" }, { outcome: "placed", node: "mac-sg" }, "node mac-cn is down"],
  [{ cordon: ["mac-sg"] }, { outcome: "refused", node: null }, "node mac-sg is cordoned"],
  [{ require: "region=cn" }, { outcome: "placed", node: "mac-cn" }, 'rule "singapore" requires "region=cn"'],
])("%j is %j, and the report says what was supposed", async (supposed, result, words) => {
  const { explain, of } = arrange();
  expect(await of(supposed)).toMatchObject({ ...result, supposed: [words] });
  const now = await explain({ agent: "worker-sg" });
  expect([now.node, now.supposed]).toEqual(["mac-sg", undefined]);
});

test("a time after the end of a cordon is one without it, a time before is one with it, and nothing else depends on the time", async () => {
  const { deps, of } = arrange();
  expect((await of({ at: "3h" })).supposed?.[0]).toContain("nothing that is known now depends on the time");
  await cordon(deps, { node: "mac-sg", for: "2h" }, "cli");
  expect(await of({ at: "1h" })).toMatchObject({ outcome: "refused" });
  const later = await of({ at: "3h" });
  expect(later).toMatchObject({ outcome: "placed", node: "mac-sg" });
  expect(later.supposed?.[0]).toContain("cordons that end before have ended; the nodes are as they are now");
});

test.each([
  { down: ["mac-gs"] },
  { cordon: [7] },
  { require: "region in (" },
  { at: "later" },
  { down: Array.from({ length: 99 }, () => "mac-sg") },
])("%j is the caller's mistake", async (supposed) => {
  await expect(arrange().of(supposed)).rejects.toThrow(UsageError);
});

test("a selector in the place of a rule's needs a rule", async () => {
  const { explain } = arrange();
  await expect(explain({ agent: "master", require: "gpu" })).rejects.toThrow("no rule speaks for this call");
});
