// Keys that are over stay barred as long as a message about them could be on its way.
import { expect, test } from "vitest";
import {
  BARRED_MS,
  BarredKeys,
  MAX_BARRED,
} from "../../../../../src/nodeRouter/transports/node/host/barredKeys.ts";

test("a key is barred for at least the time that a message may take, and not for ever", () => {
  const keys = new BarredKeys(0);
  keys.bar("late", "never", BARRED_MS - 1);
  keys.bar("x", "began", BARRED_MS);
  keys.bar("y", "began", 2 * BARRED_MS - 2);
  expect(keys.get("late")).toBe("never");
  keys.bar("z", "began", 2 * BARRED_MS);
  expect([keys.get("late"), keys.get("x")]).toEqual([null, "began"]);
});

test("after a long silence everything is old", () => {
  const keys = new BarredKeys(0);
  keys.bar("a", "began", 1);
  keys.bar("b", "began", 10 * BARRED_MS);
  expect([keys.get("a"), keys.get("b")]).toEqual([null, "began"]);
});

test("what was said of a key first stands: one that began did not never begin because it is forgotten again", () => {
  const keys = new BarredKeys(0);
  keys.bar("a", "began", 1);
  keys.bar("a", "never", 2);
  keys.bar("b", "never", 3);
  keys.bar("b", "began", 4);
  expect([keys.get("a"), keys.get("b"), keys.get("c")]).toEqual(["began", "never", null]);
});

test("a command whose gateway never came back is remembered longer than any message takes", () => {
  const keys = new BarredKeys(0);
  keys.leave("left");
  for (let at = 0; at < 5; at++) keys.bar(`other-${at}`, "never", at * BARRED_MS);
  expect(keys.get("left")).toBe("began");
});

test("with too many of them nothing new may begin, until they are old enough", () => {
  const keys = new BarredKeys(0);
  for (let at = 0; at < MAX_BARRED; at++) keys.bar(`key-${at}`, "began", 1);
  expect([keys.isFull(2), keys.get("key-0")]).toEqual([true, "began"]);
  expect(keys.isFull(2 * BARRED_MS + 1)).toBe(false);
});
