// One call over a connection of its own, with only the scopes that the test gives.
import type { Gateway } from "../../../support/gateway.ts";

export interface Answer {
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: unknown;
}

const CLIENT = { id: "gateway-client", mode: "backend", version: "1.0.0", platform: process.platform };

/** Resolves with the gateway's answer, also when it refuses. */
export async function callWithScopes(
  gateway: Pick<Gateway, "url" | "token">,
  scopes: readonly string[],
  method: string,
  params: object = {},
): Promise<Answer> {
  const socket = new WebSocket(gateway.url);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = (id: string, name: string, args: object): void =>
    socket.send(JSON.stringify({ type: "req", id, method: name, params: args }));
  const connect = {
    minProtocol: 4,
    maxProtocol: 4,
    client: CLIENT,
    role: "operator",
    scopes,
    caps: [],
    auth: { token: gateway.token },
  };
  socket.onmessage = ({ data }) => {
    const frame: { id?: string; event?: string } & Answer = JSON.parse(String(data));
    if (frame.event === "connect.challenge") send("connect", "connect", connect);
    if (frame.id === "connect" && frame.ok) send("call", method, params);
    else if (frame.id === "connect" || frame.id === "call") resolve(frame);
  };
  socket.onclose = ({ code, reason }) =>
    reject(new Error(`${method}: the connection ended: ${code} ${reason}`));
  try {
    return await promise;
  } finally {
    socket.close();
  }
}
