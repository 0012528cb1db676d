// The test server itself: commands run as over sshd, so that what passes here passes there.
import type { ClientChannel } from "ssh2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect } from "../../../src/nodeRouter/transports/ssh/connect/connect.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import {
  makeTestHome,
  sshNode,
  type TestHome,
  targetOf,
} from "../../nodeRouter/transports/ssh/connect/arrange.ts";
import { groupAlive } from "../process.ts";
import { waitFor } from "../wait.ts";
import { makeKey } from "./keys.ts";
import { type SshServer, type SshServerOptions, startSshServer } from "./server.ts";

const KEY = makeKey();
let home: TestHome;
let server: SshServer;

beforeEach(() => {
  home = makeTestHome();
});

afterEach(async () => {
  await server.stop();
  home.remove();
});

async function client(options: SshServerOptions = {}) {
  server = await startSshServer({ authorizedKeys: [KEY.publicKey], ...options });
  home.write(".ssh/known_hosts", server.knownHosts());
  home.write(".ssh/id_ed25519", KEY.privateKey);
  const env = home.env();
  const result = await connect(await targetOf(sshNode({ host: "127.0.0.1", port: server.port }), env), env);
  if (!result.ok) throw new Error(refusalText(result));
  return (command: string): Promise<ClientChannel> =>
    new Promise((resolve, reject) =>
      result.client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel))),
    );
}

/** What a channel says until it closes. */
async function ending(channel: ClientChannel) {
  let [stdout, stderr] = ["", ""];
  channel.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  channel.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const { promise, resolve } = Promise.withResolvers<[number | null, string | undefined]>();
  channel.once("close", (code: number | null, signal?: string) => resolve([code, signal]));
  const [code, signal] = await promise;
  return { stdout, stderr, code, signal };
}

test("output, errors, input and exit code", async () => {
  const exec = await client();
  const channel = await exec("cat; echo oops >&2; exit 37");
  channel.end("in\n");
  expect(await ending(channel)).toEqual({ stdout: "in\n", stderr: "oops\n", code: 37, signal: undefined });
  expect(server.commands).toEqual(["cat; echo oops >&2; exit 37"]);
});

test("a signal reaches the whole group, and is how the command ended", async () => {
  const exec = await client();
  const channel = await exec("sleep 1000 & echo $!; wait");
  await new Promise((resolve) => channel.once("data", resolve));
  const [process] = [...server.processes];
  channel.signal("TERM");
  expect(await ending(channel)).toMatchObject({ code: null, signal: "SIGTERM" });
  await waitFor("the group to end", () => !groupAlive(process?.pid ?? 0));
});

test("a channel that closes leaves the command running, as sshd does without a terminal; stop ends it", async () => {
  const exec = await client();
  const channel = await exec("echo up; sleep 1000");
  await new Promise((resolve) => channel.once("data", resolve));
  const [process] = [...server.processes];
  const closed = new Promise((resolve) => channel.once("close", resolve));
  channel.close();
  await closed;
  expect(groupAlive(process?.pid ?? 0)).toBe(true);
  await server.stop();
  await waitFor("the group to end", () => !groupAlive(process?.pid ?? 0));
});

test("MaxSessions: one more is refused, and there is room again when one is over", async () => {
  const exec = await client({ maxSessions: 1 });
  const first = await exec("cat");
  await expect(exec("true")).rejects.toThrow(/Channel open failure/);
  const over = ending(first);
  first.end();
  await over;
  await waitFor("the session to end", () => server.sessions() === 0);
  expect(await ending(await exec("exit 5"))).toMatchObject({ code: 5 });
});

test("a delay keeps the order and loses nothing", async () => {
  const exec = await client({ delayMs: 5 });
  const channel = await exec("i=0; while test $i -lt 2000; do i=$((i+1)); echo $i; done");
  const { stdout } = await ending(channel);
  expect(stdout.trim().split("\n").map(Number)).toEqual(
    Array.from({ length: 2000 }, (_, index) => index + 1),
  );
});

test("a black hole: nothing comes back, and nothing is closed", async () => {
  const exec = await client();
  const channel = await exec("cat");
  server.freeze();
  channel.write("lost");
  let isAnswered = false;
  channel.on("data", () => {
    isAnswered = true;
  });
  await new Promise(setImmediate);
  expect([isAnswered, server.connections()]).toEqual([false, 1]);
});
