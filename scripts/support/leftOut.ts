// Keeps parts of packages out of the bundle: large ones that are loaded with the rest and that we never call.
import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";

/**
 * File in node_modules to the reason. Each becomes a function that throws when it is called or constructed, so that
 * nothing is done wrongly in silence where a package begins to use it.
 */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "ssh2/lib/server.js": "we are a client",
  "ssh2/lib/http-agents.js": "no web server is asked through SSH",
  "ssh2/lib/keygen.js": "no keys are made",
  "ssh2/lib/protocol/SFTP.js": "files go over exec",
  "pino/lib/transport.js": "records go to the host's logger, in this thread",
  "pino/lib/multistream.js": "records go to one stream",
  "sonic-boom/index.js": "records go into no file",
  "on-exit-leak-free/index.js": "records go into no file",
  "pino-std-serializers/lib/req.js": "no request is logged",
  "pino-std-serializers/lib/res.js": "no response is logged",
  "prom-client/lib/histogram.js": "there are counters and gauges",
  "prom-client/lib/summary.js": "there are counters and gauges",
  "prom-client/lib/pushgateway.js": "metrics are fetched",
  "prom-client/lib/cluster.js": "a gateway is one process",
  "prom-client/lib/defaultMetrics.js": "the process is the host's",
};

/** File in node_modules to CommonJS that does the same with what Node has; made of the package's own text. */
const INSTEAD: Readonly<Record<string, string | ((original: string) => string)>> = {
  // Asked only for what JSON.stringify refuses; where it refuses again, pino says so in the record.
  "safe-stable-stringify/index.js": "exports.configure = () => JSON.stringify;",
  // asn1 wants the Buffer of today from it, which is Node's own.
  "safer-buffer/safer.js": 'exports.Buffer = require("node:buffer").Buffer;',
  // 73 kB of it for bcrypt-pbkdf, which wants SHA-512 alone (for the passphrase of a private key).
  "tweetnacl/nacl-fast.js": `
const { createHash } = require("node:crypto");
exports.lowlevel = {
  crypto_hash(out, message, length) {
    out.set(createHash("sha512").update(message.subarray(0, length)).digest());
    return 0;
  },
};`,
  // Its own WebAssembly without the 9 kB that bring it to life everywhere else than in Node.
  "ssh2/lib/protocol/crypto/poly1305.js": (original) => `
module.exports = async () => {
  const code = Buffer.from("${/base64,([A-Za-z0-9+/=]+)/.exec(original)?.[1] ?? ""}", "base64");
  const { instance } = await WebAssembly.instantiate(code, { a: { a: () => 0 } });
  const { b: memory, c: start, d: auth, e: stackSave, f: stackRestore, g: stackAlloc, h: malloc } = instance.exports;
  const bytes = () => new Uint8Array(memory.buffer);
  const put = (from) => {
    const at = stackAlloc(from.length);
    bytes().set(from, at);
    return at;
  };
  start();
  return {
    _malloc: malloc,
    get HEAPU8() { return bytes(); },
    cwrap: () => (out, first, firstLength, second, secondLength, key) => {
      const stack = stackSave();
      auth(out, put(first), firstLength, put(second), secondLength, put(key));
      stackRestore(stack);
    },
  };
};`,
};

/** What stands in the bundle for a file, named from its node_modules; null: the package's own. */
export function contentsInstead(file: string, original: string): string | null {
  if (!isLeftOut(file)) return null;
  const instead = INSTEAD[file] ?? throwing(file);
  return typeof instead === "string" ? instead : instead(original);
}

/** Whether the file, named from its node_modules, is not in the bundle as the package has it. */
export function isLeftOut(file: string): boolean {
  return Object.hasOwn(LEFT_OUT, file) || Object.hasOwn(INSTEAD, file);
}

/** esbuild plugin; the build fails when one of the files is not met any more. */
export function leftOut(): Plugin {
  return {
    name: "left-out",
    setup({ onStart, onLoad, onEnd }) {
      const met = new Set<string>();
      onStart(() => met.clear());
      onLoad({ filter: /[\\/]node_modules[\\/].*\.js$/ }, ({ path }) => {
        const file =
          path
            .split(/[\\/]node_modules[\\/]/)
            .at(-1)
            ?.replaceAll("\\", "/") ?? "";
        const contents = contentsInstead(file, readFileSync(path, "utf8"));
        if (contents === null) return null;
        met.add(file);
        return { contents, loader: "js" };
      });
      onEnd(() => {
        const files = [...Object.keys(LEFT_OUT), ...Object.keys(INSTEAD)].filter((file) => !met.has(file));
        if (files.length === 0) return null;
        return {
          errors: files.map((file) => ({ text: `${file} was to be left out, and nothing imports it` })),
        };
      });
    },
  };
}

function throwing(file: string): string {
  const text = `${file} is not in this bundle: ${LEFT_OUT[file]}`;
  return `module.exports = function leftOut() { throw new Error(${JSON.stringify(text)}); };`;
}
