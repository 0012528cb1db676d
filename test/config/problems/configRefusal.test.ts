import { expect, test } from "vitest";
import { configRefusal } from "../../../src/config/problems/configRefusal.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { textOf } from "../../support/refused.ts";

const rule = (name: string, parts: object) => ({ name, agents: ["x"], ...parts });
const refusalOf = (...rules: object[]) =>
  textOf(configRefusal(resolveConfig({ nodes: { "mac-sg": {} }, rules }).problems));

test("a refusal says where, what, and that mending it is enough", () => {
  expect(refusalOf(rule("a", { require: "region in sg" }))).toBe(
    'CONFIG_INVALID: plugins.entries.node-router.config.rules[0].require: selector "region in sg" at column 11: found "sg", expected "("; mend it, the gateway reloads by itself.',
  );
});

test("a suggestion is part of the refusal, and further errors are counted, warnings are not", () => {
  const rules = [
    rule("a", { require: "node.name=mac-sgg", prefer: [{ selector: "gpu", weight: 0 }] }),
    rule("b", { require: "!" }),
    rule("b", {}),
  ];
  expect(refusalOf(...rules)).toBe(
    'CONFIG_INVALID: plugins.entries.node-router.config.rules[0].require: no node is named "mac-sgg" under nodes; did you mean "mac-sg"? Mend it, the gateway reloads by itself. (+2 more: run "openclaw node-router doctor").',
  );
});

test("without an error there is no refusal, though there are warnings", () => {
  expect(refusalOf(rule("a", { prefer: [{ selector: "gpu", weight: 0 }] }))).toBeNull();
  expect(configRefusal([])).toBeNull();
});
