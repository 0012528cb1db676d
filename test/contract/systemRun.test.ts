// Every command that this plugin sends to a node by itself stays silent: its end must start no model turn.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

test('two places send "system.run", and both say suppressNotifyOnExit', () => {
  const senders = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /command: "system\.run"/.test(readFileSync(join(SRC, file), "utf8")));
  const surfaces = join("nodeRouter", "surfaces");
  expect(senders.toSorted()).toEqual([
    join(surfaces, "cli", "initTrial.ts"),
    join(surfaces, "tools", "register.ts"),
  ]);
  for (const file of senders)
    expect(readFileSync(join(SRC, file), "utf8")).toContain("suppressNotifyOnExit: true");
});
