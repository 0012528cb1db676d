// What OpenClaw would replace in a config's text is found, and plain money and shell words are not.
import { expect, test } from "vitest";
import { hasEnvReference } from "../../src/shared/envReference.ts";

const variable = (name: string): string => `\${${name}}`;

test.each([
  variable("HOME"),
  `https://${variable("OPENAI_API_KEY")}.example`,
  `$${variable("A")}`,
  `a${variable("_B2")}c`,
])("%s is one", (text) => {
  expect(hasEnvReference(text)).toBe(true);
});

test.each(["$HOME", variable("home"), variable("2A"), variable(""), "{HOME}", "$ {HOME}", "/srv/a$b"])(
  "%s is none",
  (text) => {
    expect(hasEnvReference(text)).toBe(false);
  },
);
