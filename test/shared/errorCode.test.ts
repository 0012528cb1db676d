import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { errorCode, isAbsent, orIfMissing } from "../../src/shared/errorCode.ts";

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

describe("work on a file that may not be there", () => {
  test("gives the other value where the file is missing, and its own where it is there", async () => {
    expect(await orIfMissing(readFile("/no/such/file", "utf8"), null)).toBeNull();
    expect(await orIfMissing(Promise.resolve("text"), null)).toBe("text");
  });

  test("still rejects with every other error", async () => {
    await expect(orIfMissing(readFile(import.meta.dirname), null)).rejects.toMatchObject({ code: "EISDIR" });
  });
});
