// What a tunnel asks of the server at the other end: to listen, to look at who listens, and what it allows.
import { Readable } from "node:stream";
import type { Client } from "ssh2";
import { endCommand, type PortLook, parsePortLook, portLookCommand } from "./portLook.ts";

/** Of one look, by way of a shell on the node; a loaded machine takes a while to start one. */
const LOOK_MS = 10_000;
const MAX_LOOK_BYTES = 1 << 16;
/** Nobody listens on port 1 of a machine (tcpmux), and where somebody does they get nothing. */
const NOBODYS_PORT = 1;
const LIFE_MS = 500;

/** What sshd allows this login. */
export interface Allowance {
  /** To listen on a port of its own choice. */
  readonly anyPort: boolean;
  /** Connections from the gateway through the node. */
  readonly outward: boolean;
}

/** Whether the server listens on the node's 127.0.0.1:port now. It says no without a reason. */
export function bind(client: Client, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      client.forwardIn("127.0.0.1", port, (error) => resolve(error === undefined || error === null));
    } catch {
      // The connection is gone, which its end tells.
      resolve(false);
    }
  });
}

/** Null: the node could not tell, or did not in time. */
export async function lookAtPort(
  client: Client,
  port: number,
  withPrograms: boolean,
): Promise<PortLook | null> {
  return parsePortLook(await run(client, portLookCommand(port, withPrograms)));
}

/** Ends the sshd of an earlier connection, see `endCommand`. */
export async function endEarlier(client: Client, server: string): Promise<void> {
  await run(client, endCommand(server));
}

/** What the command printed, bounded; "" where it could not be run, or did not end in time. */
function run(client: Client, command: string): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(""), LOOK_MS);
    timer.unref();
    const done = (output: string): void => {
      clearTimeout(timer);
      resolve(output);
    };
    try {
      client.exec(command, (error, channel) => {
        if (error) {
          done("");
          return;
        }
        let output = "";
        channel.on("error", () => {});
        channel.on("data", (chunk: Buffer) => {
          if (output.length < MAX_LOOK_BYTES) output += chunk.toString("latin1");
          else channel.close();
        });
        channel.stderr.resume();
        channel.once("close", () => done(output));
        channel.end();
      });
    } catch {
      done("");
    }
  });
}

/** Tries what a refusal to listen leaves open. Nothing of it stays. */
export async function whatIsAllowed(client: Client): Promise<Allowance> {
  const anyPort = new Promise<boolean>((resolve) => {
    try {
      client.forwardIn("127.0.0.1", 0, (error, port) => {
        if (!error) client.unforwardIn("127.0.0.1", port, () => {});
        resolve(!error);
      });
    } catch {
      resolve(false);
    }
  });
  const outward = new Promise<boolean>((resolve) => {
    try {
      client.forwardOut("127.0.0.1", 0, "127.0.0.1", NOBODYS_PORT, (error, channel) => {
        channel?.destroy();
        // 1 is "administratively prohibited" (RFC 4254, 5.1); any other reason is about the port.
        resolve(!error || Reflect.get(error, "reason") !== 1);
      });
    } catch {
      resolve(false);
    }
  });
  return { anyPort: await anyPort, outward: await outward };
}

/**
 * Whatever comes in is a sign of life: an answer to a keepalive may stand behind megabytes in a slow line. ssh2 counts
 * nothing but the answers.
 */
export function noteLife(client: Client): void {
  const socket: unknown = Reflect.get(client, "_sock");
  const reset: unknown = Reflect.get(client, "_resetKA");
  if (!(socket instanceof Readable) || typeof reset !== "function") return;
  let heardMs = 0;
  socket.on("data", () => {
    const nowMs = performance.now();
    if (nowMs - heardMs < LIFE_MS) return;
    heardMs = nowMs;
    Reflect.apply(reset, client, []);
  });
}
