// The pictures that OpenClaw shows for the plugin are in the package, as its page on plugin manifests asks for them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/environment.ts";

const PACKED: readonly string[] = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).files;

test("the icon is a square PNG of 512 pixels", () => {
  const icon = readFileSync(join(ROOT, "assets/icon.png"));
  expect(icon.subarray(1, 4).toString("latin1")).toBe("PNG");
  expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([512, 512]);
  expect(icon.length).toBeLessThan(64 * 1024);
  expect(PACKED).toContain("assets/icon.png");
});

test("the icon beside tool calls is of four simple elements at most, without style or script", () => {
  const svg = readFileSync(join(ROOT, "assets/activity.svg"), "utf8");
  const elements = [...svg.matchAll(/<([a-z]+)/g)].map(([, name]) => name);
  expect(elements).toEqual(["svg", "path", "path"]);
  expect(svg).toMatch(/viewBox="0 0 24 24"/);
  expect(svg).not.toMatch(/style|script|href|on\w+=/);
  expect(PACKED).toContain("assets/activity.svg");
});
