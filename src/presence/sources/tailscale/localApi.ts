// Asks Tailscale's LocalAPI: HTTP over a unix socket, or on a loopback port with a password.
import { type IncomingMessage, request } from "node:http";

/** SECURITY: the token is the app's password for this machine; it goes to loopback alone and into no message. */
export type LocalApi =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "port"; readonly port: number; readonly token: string };

/**
 * The answer's bytes, once it began with status 200.
 * @param path with query, e.g. `/localapi/v0/status`.
 * @param signal ends the answer, too.
 * @throws Error of node:net (ENOENT: no such socket), or that says which status came instead.
 */
export function askLocalApi(api: LocalApi, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const where =
    api.kind === "socket"
      ? { socketPath: api.path }
      : { host: "127.0.0.1", port: api.port, auth: `:${api.token}` };
  // It refuses any other Host on a socket, and every request with an Origin or Referer.
  const headers = { Host: "local-tailscaled.sock" };
  const call = request({ ...where, path, headers, agent: false, signal }, (answer) => {
    if (answer.statusCode === 200) {
      resolve(answer);
    } else {
      reject(new Error(`LocalAPI answered ${answer.statusCode}`));
      call.destroy();
    }
  });
  call.on("error", reject);
  call.end();
  return promise;
}
