// The audit of what is bundled: what npm's answer means.
import { expect, test } from "vitest";
import { vulnerabilitiesOf } from "../../scripts/support/audit.ts";

const BUNDLED = [{ name: "ssh2" }, { name: "pino" }];

/** As npm 11 prints it. */
const answer = (vulnerabilities: Record<string, unknown>) =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} });
const advisory = (name: string) => ({
  source: 1,
  name,
  dependency: name,
  title: "reads too much",
  url: "https://advisories.example/1",
  severity: "high",
  range: "<2.0.0",
});

test("a bundled package with a known vulnerability is named, with its severity and where to read on", () => {
  const found = vulnerabilitiesOf(
    answer({ "bundled-0": { name: "bundled-0", severity: "high", via: [advisory("ssh2")] } }),
    BUNDLED,
  );
  expect(found).toEqual({
    exitCode: 1,
    lines: ["high: ssh2: reads too much (https://advisories.example/1)"],
  });
});

test("what npm resolved beside the bundle is not in it, and is not reported", () => {
  const found = vulnerabilitiesOf(
    answer({
      "cpu-features": { name: "cpu-features", severity: "high", via: [advisory("cpu-features")] },
      "bundled-0": { name: "bundled-0", severity: "high", via: ["cpu-features"] },
    }),
    BUNDLED,
  );
  expect(found).toEqual({
    exitCode: 0,
    lines: ["node-router: no known vulnerability in 2 bundled packages"],
  });
});

test.each([
  ["an error of the registry", JSON.stringify({ message: "405 Method Not Allowed", error: { summary: "" } })],
  ["no JSON", "npm error"],
  ["nothing", ""],
  ["JSON that is no answer", "null"],
])("%s is never taken for a clean audit", (_, output) => {
  expect(vulnerabilitiesOf(output, BUNDLED)).toMatchObject({
    exitCode: 2,
    lines: [expect.stringContaining("NOT audited")],
  });
});
