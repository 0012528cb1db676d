// The gateway's end of one command: what a slow host may do to it.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Outcome, RunningCommand } from "../../../../src/nodeRouter/transports/transport.ts";
import { openLink } from "../../../../src/nodeRouter/workspace/exec/link.ts";
import { FRAME, frameHead, frameReader } from "../../../../src/nodeRouter/workspace/exec/protocol.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nr-link-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Both ends of a socket: ours, and the helper's. */
async function socketPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer();
  server.listen(join(folder, "s"));
  await once(server, "listening");
  const helper = connect({ path: join(folder, "s") });
  const [ours]: Socket[] = await once(server, "connection");
  server.close();
  if (ours === undefined) throw new Error("no connection");
  return [ours, helper];
}

test("input that comes after the command's end costs neither its output nor its end", async () => {
  const [ours, helper] = await socketPair();
  ours.on("error", () => ours.destroy());
  helper.on("error", () => {});
  const stdout = new PassThrough();
  const ended = Promise.withResolvers<Outcome>();
  const command: RunningCommand = {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough().end(),
    started: Promise.resolve({ processGroup: 7 }),
    outcome: ended.promise,
    signal: () => {},
    abandon: () => {},
  };
  const link = openLink(ours, async () => command);
  // The host does not read for a while.
  helper.pause();
  const size = 1 << 21;
  stdout.end(Buffer.alloc(size));
  command.stdin.destroy();
  ended.resolve({ kind: "ran", exitCode: 3, signal: null });
  await link.end;
  link.frame(FRAME.stdin, Buffer.from("too late"));

  let bytes = 0;
  let exit = "";
  const read = frameReader(1 << 30, (type, payload) => {
    if (type === FRAME.stdout) bytes += payload.length;
    if (type === FRAME.exit) exit = payload.toString();
  });
  helper.on("data", read).resume();
  helper.write(frameHead(FRAME.stdinEnd, 0));
  await once(helper, "close");
  expect(bytes).toBe(size);
  expect(exit).toMatch(/^3\b/);
});
