// The connections that come in on one forward: each becomes one TCP connection to the gateway, or is turned away.
import { connect, type Socket } from "node:net";
import type { Client, ClientChannel } from "ssh2";
import type { Refusal } from "../../shared/refusal.ts";
import type { Door } from "./gatewayDoor.ts";

export interface ChannelOptions {
  /** On the node; what is meant for another is turned away. */
  readonly port: number;
  readonly door: () => Door;
  /** Open and opening ones; more are turned away. */
  readonly most: number;
  /** Nobody may be let in any more. */
  readonly onShut: (why: Refusal) => void;
}

export interface Channels {
  /** Open and opening. */
  readonly count: () => number;
  /** Those that came before are let in now, like all that follow. Until then they wait. */
  letIn(): void;
  /** Ends all, and takes no more. */
  end(): void;
}

/** Takes what comes in on the client from now on. SECURITY: ssh2 opens nothing of what a server asks for unheard. */
export function takeChannels(client: Client, { port, door, most, onShut }: ChannelOptions): Channels {
  /** Of those that wait, how to go on; of the others, how to end. */
  const waiting = new Map<object, { readonly goOn: () => void; readonly turnAway: () => void }>();
  const open = new Set<() => void>();
  let state: "waiting" | "open" | "ended" = "waiting";

  const letOneIn = (accept: () => ClientChannel, reject: () => void): void => {
    const to = door();
    if (!to.ok) {
      reject();
      onShut(to);
      return;
    }
    const socket = connect({ host: "127.0.0.1", port: to.port, noDelay: true });
    let isLost = false;
    let channel: ClientChannel | null = null;
    const end = (): void => {
      socket.destroy();
      // Read to its end, or else it never tells that it closed.
      channel?.unpipe();
      channel?.resume();
      channel?.close();
    };
    open.add(end);
    socket.on("error", () => {
      isLost = true;
    });
    socket.once("connect", () => {
      if (state === "ended") return;
      channel = accept();
      join(channel, socket);
      channel.once("close", () => {
        open.delete(end);
        // What was read of it still has to arrive.
        socket.destroySoon();
      });
    });
    socket.once("close", () => {
      if (channel === null) {
        open.delete(end);
        // The gateway is not there yet, or not any more.
        if (state !== "ended") reject();
      } else if (isLost || channel.writableFinished) end();
      else channel.once("finish", end).end();
    });
  };

  client.on("tcp connection", (details, accept, reject) => {
    if (state === "ended" || details.destPort !== port || open.size + waiting.size >= most) reject();
    else if (state === "open") letOneIn(accept, reject);
    else waiting.set(details, { goOn: () => letOneIn(accept, reject), turnAway: reject });
  });

  return {
    count: () => open.size,
    letIn() {
      state = "open";
      const kept = [...waiting.values()];
      waiting.clear();
      for (const { goOn } of kept) goOn();
    },
    end() {
      state = "ended";
      for (const { turnAway } of waiting.values()) turnAway();
      waiting.clear();
      for (const end of open) end();
      open.clear();
    },
  };
}

/** Both ways, each as fast as the other side reads; the end of one way leaves the other open. */
function join(channel: ClientChannel, socket: Socket): void {
  channel.on("error", () => {});
  channel.stderr.resume();
  channel.pipe(socket);
  socket.pipe(channel);
}
