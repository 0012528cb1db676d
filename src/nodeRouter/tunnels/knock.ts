// Tells a node's TCP that an old connection of ours is gone, before there is a login that could end its sshd there.
import { connect, Socket } from "node:net";
import type { Client } from "ssh2";

/** Both ends of a TCP connection. */
export interface Ends {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/**
 * The login that follows takes as long as the exchange of keys, and half of it again. The tunnel has to be there when
 * the node host tries again, a second after its connection ended: refused once, it waits for two.
 */
const FAST_EXCHANGE_MS = 600;

/** Whether the tunnel will be up within the second that a node host waits. @param exchangeMs of the keys, on this login. */
export function isInTime(exchangeMs: number): boolean {
  return exchangeMs <= FAST_EXCHANGE_MS;
}

/** Null: it goes through another machine or a program, or is not open any more. */
export function endsOf(client: Client): Ends | null {
  const socket = socketOf(client);
  const { remoteAddress: host, remotePort: port, localAddress, localPort } = socket ?? {};
  if (host === undefined || port === undefined || localAddress === undefined || localPort === undefined)
    return null;
  return { host, port, localAddress, localPort };
}

/** Ends it without waiting for the other side to agree, so that its port is free to knock from. */
export function resetConnection(client: Client): void {
  socketOf(client)?.resetAndDestroy();
}

/**
 * Asks for a new connection with the ends of the old one, and forgets that at once. Where the other machine still has the
 * old one, it says so (RFC 9293, 3.10.7.4), and our kernel, which knows of neither, resets it. Where it has not, the new
 * one is reset before any program there hears of it. Where somebody between changes ports, or the port is another's by
 * now, nothing happens.
 */
export function knock(ends: Ends): void {
  const socket = connect(ends);
  socket.on("error", () => {});
  // The question is sent in the next tick: an address is not looked up.
  setImmediate(() => socket.destroy());
}

function socketOf(client: Client): Socket | null {
  const socket: unknown = Reflect.get(client, "_sock");
  return socket instanceof Socket ? socket : null;
}
