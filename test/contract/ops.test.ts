// Alerts and dashboard: only metrics and labels that the plugin has, and the real Prometheus takes and proves them.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import dashboard from "../../ops/grafana/node-router.json" with { type: "json" };
import { metricsText } from "../../src/nodeRouter/surfaces/web/metrics.ts";
import { PRESENCE_STATES } from "../../src/presence/freshness.ts";
import { smallFleet, smallPeers, statusFor } from "../nodeRouter/surfaces/web/fleet.ts";
import { ROOT } from "../support/environment.ts";

const RULES = join(ROOT, "ops", "prometheus", "node-router.rules.yml");
const TESTS = join(ROOT, "ops", "prometheus", "node-router.rules.test.yml");
const rules = readFileSync(RULES, "utf8");
const tests = readFileSync(TESTS, "utf8");
const run = promisify(execFile);

const expressions = [
  ...[...rules.matchAll(/^ +expr: ['"]?(.*?)['"]?$/gm)].map(([, expr = ""]) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];
const queries = dashboard.templating.list.map(({ query }) => JSON.stringify(query));

const fleet = smallFleet();
const metrics = await metricsText(fleet, statusFor(fleet), smallPeers());
/** Label names by metric; absent: there is no such metric. */
const known = new Map(
  [...metrics.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => [
    name,
    new Set(
      [...metrics.matchAll(new RegExp(`^${name}\\{(.*)\\} `, "gm"))].flatMap(([, labels = ""]) =>
        [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label),
      ),
    ),
  ]),
);

test("alerts and dashboard ask for metrics that there are, by labels that they have", () => {
  expect(expressions.length).toBeGreaterThan(30);
  for (const text of [...expressions, ...queries])
    for (const [, name = "", , labels = ""] of text.matchAll(/(openclaw_node_router_\w+)(\{([^}]*)\})?/g)) {
      expect([...known.keys()]).toContain(name);
      for (const [, label = ""] of labels.matchAll(/(\w+)=/g))
        if (label !== "instance") expect([...(known.get(name) ?? [])], `${name} in ${text}`).toContain(label);
    }
  for (const [, state = ""] of expressions.join("\n").matchAll(/node(?:s|_state)\{[^}]*state="(\w+)"/g))
    expect(PRESENCE_STATES).toContain(state);
});

test("each alert waits, stays, or counts over a time, says what to do, and is tried by a test", () => {
  const alerts = rules.split("- alert: ").slice(1);
  expect(alerts.length).toBeGreaterThan(15);
  for (const alert of alerts) {
    const [, name = "", expr = "", minutes = ""] = /^(\w+)\n +expr: (.*)\n +for: (\d+)m\n/.exec(alert) ?? [];
    if (minutes === "0") expect(expr, name).toMatch(/_total > 0|\[\d+[mh]\]\)/);
    expect(alert, name).toMatch(
      /severity: (critical|warning)[\s\S]*summary: (['"]).+\2\n[\s\S]*description: (['"]).+\3\n/,
    );
    expect(tests).toMatch(new RegExp(`alertname: ${name}\\n +exp_alerts:\\n`));
  }
});

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const isRequired = process.env.NODE_ROUTER_REQUIRE_PROMTOOL === "1";

// Debian's package prometheus has promtool; .ci/run installs it.
describe.skipIf(!hasPromtool && !isRequired)("the real Prometheus", () => {
  test("takes the rules, and its own tests of them pass", async () => {
    expect((await run("promtool", ["check", "rules", RULES])).stdout).toContain("SUCCESS");
    expect((await run("promtool", ["test", "rules", TESTS])).stdout).toContain("SUCCESS");
  });

  test("finds its tests broken where a rule is another", async () => {
    const folder = mkdtempSync(join(tmpdir(), "node-router-rules-"));
    try {
      writeFileSync(join(folder, "node-router.rules.yml"), rules.replaceAll("for: 5m", "for: 50m"));
      writeFileSync(join(folder, "test.yml"), tests);
      await expect(run("promtool", ["test", "rules", "test.yml"], { cwd: folder })).rejects.toThrow();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("takes every expression of the dashboard", async () => {
    const folder = mkdtempSync(join(tmpdir(), "node-router-rules-"));
    try {
      const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
      const recorded = asked.map((expr, at) => ({
        record: `panel_${at}`,
        expr: expr.replaceAll("$__rate_interval", "5m"),
      }));
      const file = join(folder, "panels.yml");
      // YAML takes JSON.
      writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules: recorded }] }));
      expect((await run("promtool", ["check", "rules", file])).stdout).toContain(`${asked.length} rules`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
