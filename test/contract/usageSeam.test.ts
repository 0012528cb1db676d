// What usage needs of the installed OpenClaw: its way to ask the gateway, and how it tells what it has not counted.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gatewayMethods } from "../../src/nodeRouter/host/gatewayMethods.ts";
import { ROOT } from "../support/environment.ts";

const DIST = join(ROOT, "node_modules", "openclaw", "dist");

test("outside of a request OpenClaw lends nobody's rights, and says so", async () => {
  const asked = gatewayMethods()("sessions.usage", {});
  await expect(asked).rejects.toMatchObject({ code: "USAGE_UNAVAILABLE" });
  await expect(asked).rejects.toThrow("reserved for authenticated plugin HTTP routes or RPC handlers");
}, 60_000);

test("usage.cost is refused to whom sums would tell of hidden sessions, and a session that grew has no usage", () => {
  const usage = readdirSync(DIST)
    .filter((file) => /^usage-[\w-]{8}\.mjs$/.test(file))
    .map((file) => readFileSync(join(DIST, file), "utf8"))
    .find((text) => text.includes('"sessions.usage": async'));
  expect(usage).toMatch(
    /"usage\.cost": async[\s\S]{0,600}operatorSessionCap\(client \?\? null, config\) === "none"[\s\S]{0,80}FORBIDDEN/,
  );
  expect(usage).toContain("usageByEntryIndex[entryIndex] ?? null");
  expect(usage).toMatch(/key: `agent:\$\{discovered\.agentId\}:\$\{discovered\.sessionId\}`/);
});
