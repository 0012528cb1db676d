// What the bundle has in place of parts of packages.
import { createRequire } from "node:module";
import { build, type Plugin } from "esbuild";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLeftOut, leftOut } from "../../scripts/support/leftOut.ts";

const ROOT = new URL("../../", import.meta.url);
const require = createRequire(ROOT);

/** The plugin without its check that everything was met: these bundles hold one package. */
const inParts: Plugin = {
  name: "in-parts",
  setup: (own) =>
    leftOut().setup({ ...own, onStart: own.onStart, onLoad: own.onLoad, onEnd: () => undefined }),
};

/** Evaluates `source` with its packages bundled as the plugin's are. */
async function bundled(source: string): Promise<Record<string, unknown>> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: new URL(".", ROOT).pathname },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    external: ["*.node", "cpu-features"],
    plugins: [inParts],
  });
  const module = { exports: {} };
  const code = outputFiles[0]?.text ?? "";
  new Function("module", "exports", "require", "__dirname", code)(
    module,
    module.exports,
    require,
    ROOT.pathname,
  );
  return module.exports;
}

test("the key of a passphrase is the one that bcrypt-pbkdf makes with its own SHA-512", async () => {
  const { pbkdf } = await bundled('exports.pbkdf = require("bcrypt-pbkdf").pbkdf;');
  const original: { pbkdf: unknown } = require("bcrypt-pbkdf");
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 1, max: 96 }), (passphrase, salt, length) => {
      const keyOf = (make: unknown): Uint8Array => {
        const key = new Uint8Array(length);
        if (typeof make !== "function") throw new Error("no function");
        expect(make(passphrase, passphrase.length, salt, salt.length, key, length, 1)).toBe(0);
        return key;
      };
      expect(keyOf(pbkdf)).toEqual(keyOf(original.pbkdf));
    }),
    { numRuns: 10 },
  );
});

test("what is left out throws when it is used, and says that the bundle lacks it", async () => {
  const { Client, Server, parseKey } = await bundled(
    'const { Client, Server, utils } = require("ssh2"); Object.assign(exports, { Client, Server, parseKey: utils.parseKey });',
  );
  expect(typeof Client).toBe("function");
  expect(typeof parseKey).toBe("function");
  expect(() => Reflect.construct(Server as () => void, [])).toThrow(
    "ssh2/lib/server.js is not in this bundle",
  );
});

test("a build fails when a package has no such file any more: the list would say what is not so", async () => {
  const nothing = build({
    stdin: { contents: "export {};" },
    bundle: true,
    write: false,
    logLevel: "silent",
    plugins: [leftOut()],
  });
  await expect(nothing).rejects.toThrow("ssh2/lib/server.js was to be left out");
});

test("the parts that carry a connection are in the bundle", () => {
  for (const file of ["ssh2/lib/client.js", "ssh2/lib/agent.js", "ssh2/lib/protocol/kex.js", "pino/pino.js"])
    expect(isLeftOut(file), file).toBe(false);
});
