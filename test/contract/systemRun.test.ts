// Every command that this plugin sends to a node by itself stays silent: its end must start no model turn.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

test('only one place sends "system.run", and it says suppressNotifyOnExit', () => {
  const senders = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /command: "system\.run"/.test(readFileSync(join(SRC, file), "utf8")));
  expect(senders).toEqual([join("nodeRouter", "surfaces", "tools", "register.ts")]);
  expect(readFileSync(join(SRC, senders[0] ?? ""), "utf8")).toContain("suppressNotifyOnExit: true");
});
