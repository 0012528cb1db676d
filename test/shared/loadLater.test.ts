import { describe, expect, test } from "vitest";
import { NodeRouterError } from "../../src/shared/errors.ts";
import { loadLater } from "../../src/shared/loadLater.ts";

const missing = Object.assign(new Error("Cannot find module '/gone/dist/doctor-A1B2C3D4.js'"), {
  code: "ERR_MODULE_NOT_FOUND",
});

describe("a part of the package that loads later", () => {
  test("is what the import gives", async () => {
    expect(await loadLater(async () => ({ answer: 42 }))).toEqual({ answer: 42 });
  });

  test("is asked for again after a failure: nothing remembers that it was missing", async () => {
    let there = false;
    const load = async () => {
      if (!there) throw missing;
      return "part";
    };
    await expect(loadLater(load)).rejects.toThrow("PACKAGE_REPLACED");
    there = true;
    expect(await loadLater(load)).toBe("part");
  });

  test("that is missing is a refusal with what to do, and keeps the cause", async () => {
    const error = await loadLater(() => Promise.reject(missing)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NodeRouterError);
    expect(error).toMatchObject({ code: "PACKAGE_REPLACED", cause: missing });
    expect(String(error)).toMatch(
      /replaced or removed under the running gateway.*nothing ran.*Restart the gateway$/,
    );
  });

  test("that is there and throws has its own error, not that of a missing package", async () => {
    const fault = new SyntaxError("Unexpected token");
    await expect(loadLater(() => Promise.reject(fault))).rejects.toBe(fault);
    const absent = Object.assign(new Error("no such database"), { code: "ENOENT" });
    await expect(loadLater(() => Promise.reject(absent))).rejects.toBe(absent);
  });
});
