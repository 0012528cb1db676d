import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errorCode, isAbsent } from "../../src/shared/errorCode.ts";

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe("the code of an error", () => {
  test("is Node's, of a file that is not there or lies below no directory", () => {
    const missing = thrownBy(() => readFileSync("/no/such/file"));
    const belowFile = thrownBy(() => readFileSync(`${import.meta.filename}/below`));
    expect([errorCode(missing), errorCode(belowFile)]).toEqual(["ENOENT", "ENOTDIR"]);
    expect([isAbsent(missing), isAbsent(belowFile)]).toEqual([true, true]);
  });

  test.each([
    [new Error("ENOENT")],
    [Object.assign(new Error("x"), { code: 2 })],
    [{ code: "ENOENT" }],
    ["ENOENT"],
    [null],
  ])("%o has none", (error) => {
    expect(errorCode(error)).toBe(null);
    expect(isAbsent(error)).toBe(false);
  });

  test("that means something else is not absence", () => {
    expect(isAbsent(Object.assign(new Error("denied"), { code: "EACCES" }))).toBe(false);
  });
});
