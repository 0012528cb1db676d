// Input reaches a command in order, after it was recorded, and after one refusal never again.
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createInputQueue, type InputWatch } from "../../../../src/nodeRouter/workspace/exec/inputQueue.ts";

function arrange(watch: InputWatch | null) {
  const stdin = new PassThrough();
  const refusals: string[] = [];
  let sent = 0;
  let taken = 0;
  const queue = createInputQueue(
    stdin,
    watch,
    (bytes) => {
      sent += bytes;
    },
    (message) => refusals.push(message),
  );
  const write = (text: string) =>
    new Promise<void>((resolve) =>
      queue.write(Buffer.from(text), () => {
        taken += 1;
        resolve();
      }),
    );
  return { stdin, queue, write, refusals, sent: () => sent, taken: () => taken };
}

test("nothing is sent before it is recorded", async () => {
  const recorded = Promise.withResolvers<void>();
  const records: (readonly [string, boolean])[] = [];
  const at = arrange(async (bytes) => {
    await recorded.promise;
    return (isSent) => void records.push([bytes.toString(), isSent]);
  });
  const written = at.write("rm -rf build\n");
  at.queue.end();
  await new Promise(setImmediate);
  expect([at.stdin.readableLength, at.sent()]).toEqual([0, 0]);
  recorded.resolve();
  await written;
  expect((await buffer(at.stdin)).toString()).toBe("rm -rf build\n");
  expect(records).toEqual([["rm -rf build\n", true]]);
});

test("whatever takes how long to record, bytes come in order and the end comes last", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.nat(5))), async (pieces) => {
      const delays = pieces.map(([, turns]) => turns);
      const at = arrange(async () => {
        for (let turn = delays.shift() ?? 0; turn > 0; turn--) await Promise.resolve();
        return () => {};
      });
      const all = buffer(at.stdin);
      const writes = pieces.map(([text]) => at.write(text));
      at.queue.end();
      await Promise.all(writes);
      expect((await all).toString()).toBe(pieces.map(([text]) => text).join(""));
    }),
  );
});

test("after one refusal nothing more is sent, not even the end, and the sender may go on", async () => {
  let calls = 0;
  const at = arrange(async () => {
    calls += 1;
    if (calls === 2) throw new Error("AUDIT_UNAVAILABLE: no space");
    return () => {};
  });
  await at.write("rm -rf /");
  await at.write("tmp/x\n");
  await at.write("echo more\n");
  at.queue.end();
  await new Promise(setImmediate);
  expect(at.stdin.read().toString()).toBe("rm -rf /");
  expect([at.refusals, at.taken(), calls]).toEqual([["AUDIT_UNAVAILABLE: no space"], 3, 2]);
  expect(at.stdin.writableEnded).toBe(false);
});

test("a command that closed its input takes no more, which is told, and nobody waits", async () => {
  const told: boolean[] = [];
  const at = arrange(async () => (isSent) => void told.push(isSent));
  at.stdin.destroy();
  await at.write("too late");
  expect([told, at.sent()]).toEqual([[false], 0]);
});

test("where nobody is to be told, bytes go at once", () => {
  const at = arrange(null);
  void at.write("now");
  expect(at.stdin.read().toString()).toBe("now");
});
