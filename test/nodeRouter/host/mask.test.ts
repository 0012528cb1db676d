// What the host hides of a question is asked of the host itself, and not to know counts as hidden.
import { describe, expect, test } from "vitest";
import { askHostMask } from "../../../src/nodeRouter/host/mask.ts";

const masking = (masked: string) => async () => ({
  redactSensitiveText: (text: string) => text.replaceAll(masked, "***"),
});

test("a text that comes back as it is is shown, any other one is masked", async () => {
  expect(await askHostMask("git status", masking("secret"))).toEqual({ kind: "shown" });
  expect(await askHostMask("echo secret", masking("secret"))).toEqual({ kind: "masked" });
});

test("what is one word only without the line feed is masked, as the host looks at it so, too", async () => {
  expect(await askHostMask("sec\nret", masking("secret"))).toEqual({ kind: "masked" });
});

describe("nobody can tell", () => {
  test.each([{}, null, { redactSensitiveText: 1 }])("of a module like %j", async (module) => {
    expect(await askHostMask("ls", async () => module)).toEqual({
      kind: "unknown",
      fact: '"openclaw/plugin-sdk/logging-core" exports no redactSensitiveText',
    });
  });

  test("when it cannot be loaded, or throws", async () => {
    const fails = () => Promise.reject(new Error("no\u001bmodule"));
    expect(await askHostMask("ls", fails)).toEqual({ kind: "unknown", fact: "no\\u001bmodule" });
    const throws = async () => ({
      redactSensitiveText: () => {
        throw new Error("broken");
      },
    });
    expect(await askHostMask("ls", throws)).toEqual({ kind: "unknown", fact: "broken" });
  });
});
