// The process that the host spawns for one command of a workspace agent. It runs nothing itself: it carries
// bytes and signals between the host's pipes and the exec server in the gateway.
import type net from "node:net";
import { frameReader, type HelperExit, PROTOCOL, type Protocol, readExit } from "./protocol.ts";

type ReadFrames = typeof frameReader;
type ReadExit = typeof readExit;

/**
 * The helper's whole program. Self-contained, because it runs from its own text: nothing outside of it can be
 * named, and every module more costs start-up time of every command.
 */
export function execHelper(
  network: typeof net,
  self: NodeJS.Process,
  protocol: Protocol,
  readFrames: ReadFrames,
  parseExit: ReadExit,
): void {
  const { frame, stdinWindow, refusedCode } = protocol;
  const [, , path = "", id = ""] = self.argv;
  // Made here, `process.stdin` and the like would load more of Node.
  const input = new network.Socket({ fd: 0, readable: true, writable: false });
  const outputs = [1, 2].map((fd) => new network.Socket({ fd, readable: false, writable: true }));
  const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"] as const;
  let connected = false;
  let ended = false;
  let untaken = 0;

  const server = network.connect({ path });
  const send = (type: number, payload: Buffer): void => {
    const head = Buffer.allocUnsafe(5);
    head.writeUInt8(type, 0);
    head.writeUInt32BE(payload.length, 1);
    server.cork();
    server.write(head);
    if (payload.length > 0) server.write(payload);
    server.uncork();
  };

  const leave = ({ code, signal }: HelperExit): void => {
    if (signal !== null) {
      for (const name of signals) self.removeAllListeners(name);
      try {
        self.kill(self.pid, signal);
        // Still here: the signal is one that does not end a process.
        setTimeout(() => self.exit(code), 100);
        return;
      } catch {
        // This system has no such signal.
      }
    }
    self.exit(code);
  };

  const finish = (exit: HelperExit): void => {
    if (ended) return;
    ended = true;
    input.destroy();
    server.destroy();
    if (exit.text !== null) outputs[1]?.write(`${exit.text}\n`);
    let open = outputs.length;
    // Everything is in the host's pipe before the exit.
    for (const output of outputs) {
      output.end(() => {
        open -= 1;
        if (open === 0) leave(exit);
      });
    }
  };

  const give = (output: net.Socket | undefined, payload: Buffer): void => {
    // The host reads this one no more: a command would not be told so either before it writes a lot.
    if (output === undefined || output.destroyed) return;
    if (output.write(payload)) return;
    server.pause();
    if (output.listenerCount("drain") === 0) output.once("drain", () => server.resume());
  };
  for (const output of outputs) output.on("error", () => server.resume());

  const read = readFrames(0xffffffff, (type, payload) => {
    if (type === frame.stdout) give(outputs[0], payload);
    else if (type === frame.stderr) give(outputs[1], payload);
    else if (type === frame.taken) {
      untaken -= payload.readUInt32BE(0);
      if (untaken < stdinWindow) input.resume();
    } else if (type === frame.exit) finish(parseExit(payload));
  });
  server.on("connect", () => {
    connected = true;
    // Not before: a signal to a helper that has not connected ends it, and then nothing was started; and not after the claim.
    for (const name of signals) self.on(name, () => send(frame.signal, Buffer.from(name.slice(3))));
    send(frame.claim, Buffer.from(id));
    input.on("data", (chunk: Buffer) => {
      untaken += chunk.length;
      send(frame.stdin, chunk);
      if (untaken >= stdinWindow) input.pause();
    });
    input.on("end", () => {
      if (!ended) send(frame.stdinEnd, Buffer.alloc(0));
    });
  });
  input.on("error", () => {});
  server.on("data", read);
  server.on("error", () => {});
  server.on("close", () =>
    finish({ code: refusedCode, signal: null, text: connected ? protocol.unknown : protocol.notStarted }),
  );
}

/**
 * The helper as one file. CommonJS and without any of V8's flags: both are what starts fastest.
 * Inlined as text, because a file beside the bundle goes away with the copy of the plugin it is in.
 */
export function helperSource(): string {
  return `"use strict";(${execHelper})(require("node:net"),process,${JSON.stringify(PROTOCOL)},${frameReader},${readExit});\n`;
}
