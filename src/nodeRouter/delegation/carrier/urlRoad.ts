// The way to a peer's gateway by its address: TCP, or TLS with the certificate checked.
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { errorCode } from "../../../shared/errorCode.ts";
import { messageOf } from "../../../shared/errors.ts";
import { PRIVATE_HTTP_HOST } from "../../../shared/privateHost.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { OpenedLine, Road } from "./road.ts";

/** @param peer for words. */
export function urlRoad(peer: string, url: URL): Road {
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const fail = (fact: string, advice: string): OpenedLine => ({
    ok: false,
    why: refusal("PEER_UNREACHABLE", `peer ${quote(peer)} ${fact}`, { advice }),
  });
  return {
    host: url.host,
    async open(signal) {
      // SECURITY: the token would go in the clear to whoever is between.
      if (!isTls && !(url.protocol === "http:" && PRIVATE_HTTP_HOST.test(url.hostname)))
        return fail(
          `has the address ${quote(url.origin)}, where others could read its token`,
          "use https://, a tailnet address, or ssh",
        );
      try {
        return { ok: true, stream: await dial(host, port, isTls, signal) };
      } catch (error) {
        const code = errorCode(error);
        const why = code === null ? safe(messageOf(error).slice(0, MAX_WORDS)) : code;
        return fail(
          `cannot be reached at ${quote(url.host)}: ${why}`,
          "see whether its gateway is up and its network reaches this one",
        );
      }
    },
    close() {},
  };
}

const MAX_WORDS = 200;

/** @throws Error of the socket, or that it was given up */
function dial(host: string, port: number, isTls: boolean, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {};
    const socket: Socket = isTls
      ? connectTls({ host, port, ...name, ALPNProtocols: ["http/1.1"] })
      : connect({ host, port, noDelay: true });
    const settle = (done: () => void) => () => {
      signal.removeEventListener("abort", onAbort);
      done();
    };
    const onAbort = (): void => {
      socket.destroy();
      reject(new Error("no connection in time"));
    };
    socket.once("error", (error) => settle(() => reject(error))());
    socket.on("error", () => {});
    socket.once(
      isTls ? "secureConnect" : "connect",
      settle(() => resolve(socket)),
    );
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** What a peer's connection could not do, where it is the words' own fact. */
export function unreachable(peer: string, why: Refusal): Refusal {
  const fact = `peer ${quote(peer)} cannot be reached: ${why.fact}`;
  return refusal("PEER_UNREACHABLE", fact, { advice: why.advice });
}
