// Keeps parts of packages out of the bundle that are loaded with the rest, large, and never called by us.
import type { Plugin } from "esbuild";

/**
 * File in node_modules to the reason. Each becomes a function that throws when it is called or constructed, so that
 * nothing is done wrongly in silence where a package begins to use it.
 */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "ssh2/lib/server.js": "we are a client",
  "ssh2/lib/http-agents.js": "we are a client of no web server behind SSH",
  "ssh2/lib/keygen.js": "we make no keys",
  "ssh2/lib/protocol/SFTP.js": "files go over exec",
  "pino/lib/transport.js": "records go to the host's logger, in this thread",
  "pino/lib/multistream.js": "records go to one stream",
  "sonic-boom/index.js": "records go into no file",
  "prom-client/lib/histogram.js": "we count and gauge",
  "prom-client/lib/summary.js": "we count and gauge",
  "prom-client/lib/pushgateway.js": "metrics are fetched",
  "prom-client/lib/cluster.js": "a gateway is one process",
  "prom-client/lib/defaultMetrics.js": "the process is the host's",
};

/** esbuild plugin; the build fails when one of them is not met any more. */
export function leftOut(): Plugin {
  return {
    name: "left-out",
    setup({ onLoad, onEnd }) {
      const met = new Set<string>();
      onLoad({ filter: /[\\/]node_modules[\\/].*\.js$/ }, ({ path }) => {
        const file =
          path
            .split(/[\\/]node_modules[\\/]/)
            .at(-1)
            ?.replaceAll("\\", "/") ?? "";
        const reason = LEFT_OUT[file];
        if (reason === undefined) return null;
        met.add(file);
        const words = JSON.stringify(`${file} is not in this bundle: ${reason}`);
        return {
          contents: `module.exports = function leftOut() { throw new Error(${words}); };`,
          loader: "js",
        };
      });
      onEnd(() => {
        const gone = Object.keys(LEFT_OUT).filter((file) => !met.has(file));
        if (gone.length === 0) return null;
        return {
          errors: gone.map((file) => ({ text: `${file} was to be left out and is not in the package` })),
        };
      });
    },
  };
}
