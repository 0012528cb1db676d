// What a server says before it hangs up is in the message: bounded, quoted, on one line.
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";
import fc from "fast-check";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  andThen,
  GreetingLines,
  quoteSaid,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/base/serverWords.ts";
import { connect } from "../../../../../../src/nodeRouter/transports/ssh/connect/connect.ts";
import { refusalLine } from "../../../../../../src/shared/refusal.ts";
import { makeKey } from "../../../../../support/ssh/keys.ts";
import { type SshServer, startSshServer } from "../../../../../support/ssh/server.ts";
import { portOf } from "../../../../../support/ssh/wire.ts";
import { makeTestHome, sshNode, type TestHome, targetOf } from "../arrange.ts";

const KEY = makeKey();
let home: TestHome;
const undo: (() => unknown)[] = [];

beforeEach(() => {
  home = makeTestHome();
  undo.push(() => home.remove());
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A port whose connections are handed to `meet`. */
async function listen(meet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    meet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return portOf(server);
}

async function reach(port: number, handshakeTimeoutMs = 40_000) {
  home.write(".ssh/id_ed25519", KEY.privateKey);
  const node = sshNode({ host: "127.0.0.1", port }, { tailscale: null });
  const result = await connect(await targetOf(node, home.env()), home.env(), { handshakeTimeoutMs });
  if (result.ok) result.client.destroy();
  return result;
}

async function failureOf(port: number, handshakeTimeoutMs?: number) {
  const result = await reach(port, handshakeTimeoutMs);
  if (result.ok) throw new Error("it is connected");
  return result;
}

/** A trusted server; its login goes as `login` says. */
async function serve(
  login: (connection: ssh2.Connection, context: ssh2.AuthContext) => void,
  banner?: string,
) {
  const host = makeKey();
  const server = new ssh2.Server(
    { hostKeys: [host.privateKey], ...(banner === undefined ? {} : { banner }) },
    (connection) => {
      connection.on("error", () => undefined);
      connection.on("authentication", (context) => login(connection, context));
    },
  );
  const port = await listen((socket) => server.injectSocket(socket));
  home.write(".ssh/known_hosts", `[127.0.0.1]:${port} ${host.publicKey}\n`);
  return port;
}

const DISCONNECT = { BY_APPLICATION: 11, TOO_MANY_CONNECTIONS: 12 };

/** As bastions do: the words of a disconnection. ssh2's own server sends none. */
function sayGoodbye(connection: ssh2.Connection, reason: number, text: string): void {
  const protocol = Reflect.get(connection, "_protocol");
  const words = Buffer.from(text);
  const packet = protocol._packetRW.write.alloc(1 + 4 + 4 + words.length + 4);
  let at = protocol._packetRW.write.allocStart;
  packet[at] = 1;
  at = packet.writeUInt32BE(reason, at + 1);
  at = packet.writeUInt32BE(words.length, at);
  packet.set(words, at);
  packet.writeUInt32BE(0, at + words.length);
  protocol._packetRW.write.finalize(packet);
  protocol._cipher.encrypt(packet);
  connection.end();
}

describe("before the SSH greeting", () => {
  test.each([
    ["Not allowed at this time\r\n", '"Not allowed at this time"', "PerSourcePenaltyExemptList"],
    ["Exceeded MaxStartups\r\n", '"Exceeded MaxStartups"', "MaxStartups in its sshd_config"],
    [
      "sshd: refused by hosts.deny\nask noc@example.com\n",
      '"sshd: refused by hosts.deny / ask noc@example.com"',
      "such as hosts.deny, a bastion or a firewall",
    ],
    [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      '"HTTP/1.1 400 Bad Request"',
      "another service than SSH: mend plugins.",
    ],
    ["220 mail.example.com ESMTP\r\n", '"220 mail.example.com ESMTP"', "another service than SSH"],
    ["kein Zugang fär dich", '"kein Zugang fär dich"', "see what turns the gateway's address away"],
    ["\u001b[2Jgone \u202e", '"\\u001b[2Jgone \\u202e"', "see what turns"],
  ])("%j", async (text, said, advice) => {
    const failure = await failureOf(await listen((socket) => socket.end(text)));
    expect(failure).toMatchObject({ code: "NODE_UNREACHABLE", transportFailure: true });
    expect(refusalLine(failure)).toContain(`; it said ${said}; `);
    expect(refusalLine(failure)).toContain(advice);
  });

  test("nothing was said, and nothing is claimed", async () => {
    const message = refusalLine(await failureOf(await listen((socket) => socket.end())));
    expect(message).toMatch(/closed the connection before its SSH greeting.*; see its SSH server's log$/);
    expect(message).not.toContain("it said");
  });

  test("a server that never stops talking fills neither memory nor message", async () => {
    const line = `${"blah ".repeat(100)}\r\n`;
    const failure = await failureOf(
      await listen((socket) => {
        const talk = () => {
          while (!socket.destroyed && socket.write(line)) {}
        };
        socket.on("drain", talk);
        talk();
      }),
    );
    expect(failure).toMatchObject({ code: "NODE_UNREACHABLE", transportFailure: false });
    expect(refusalLine(failure)).toMatch(
      /8192 bytes came, and none of them an SSH greeting"; it said "blah blah/,
    );
    expect(refusalLine(failure).length).toBeLessThan(1_000);
  });

  test("one that says something and then waits", async () => {
    const message = refusalLine(
      await failureOf(await listen((socket) => void socket.write("please hold\r\n")), 2_000),
    );
    expect(message).toContain(
      'did not finish within 2000 ms, before its SSH greeting; it said "please hold"',
    );
  });

  test.each([[["all is well\r\n"]], [["all ", "is ", "well\r\n"]], [["all is well\r\n", "S", "S"]]])(
    "lines before the greeting of a server that lets us in do no harm, in any pieces: %j",
    async (pieces) => {
      const server: SshServer = await startSshServer({ authorizedKeys: [KEY.publicKey] });
      undo.push(() => server.stop());
      const port = await listen(async (near) => {
        const far = connectTcp({ host: "127.0.0.1", port: server.port, noDelay: true });
        far.on("error", () => undefined);
        near.once("close", () => far.destroy());
        for (const piece of pieces) {
          near.write(piece);
          // Pieces are told apart by the event loop of this one process.
          for (let turn = 0; turn < 20; turn++) await immediate();
        }
        const sent = pieces.join("").split("\n").at(-1)?.length ?? 0;
        far.once("data", (chunk: Buffer) => {
          near.write(chunk.subarray(sent));
          far.pipe(near);
        });
        near.pipe(far);
      });
      home.write(".ssh/known_hosts", server.knownHosts(`[127.0.0.1]:${port}`));
      expect(await reach(port)).toMatchObject({ ok: true });
    },
  );
});

describe("in the login", () => {
  test("why it disconnects, also by application, is part of the message", async () => {
    for (const reason of Object.values(DISCONNECT)) {
      const port = await serve((connection) => sayGoodbye(connection, reason, "no seat for\r\nrobots"));
      const failure = await failureOf(port);
      // Nothing of ours was turned down: it may let us in later.
      expect(failure).toMatchObject({ code: "NODE_UNREACHABLE", transportFailure: true });
      expect(refusalLine(failure)).toContain(
        'closed the connection before the login was done; it said "no seat for / robots"',
      );
    }
  });

  test("after a login that it turned down, it is a login that was turned down", async () => {
    const port = await serve((connection, context) => {
      if (context.method === "none") sayGoodbye(connection, DISCONNECT.BY_APPLICATION, "enough");
      else context.reject(["publickey"]);
    });
    const failure = await failureOf(port);
    expect(failure).toMatchObject({ code: "AUTH_FAILED", transportFailure: false });
    expect(refusalLine(failure)).toMatch(
      /refused the login: it closed the connection; it said "enough"; tried key /,
    );
  });

  test("banners are part of the refusal, the last of them whole", async () => {
    const port = await serve(
      (_, context) => context.reject(["publickey"]),
      `${"x".repeat(9_000)}\nask the desk\n`,
    );
    const message = refusalLine(await failureOf(port));
    expect(message).toMatch(/refused the login: it said "…x+ \/ ask the desk"; tried key /);
    expect(message.length).toBeLessThan(1_000);
    expect(message).toMatch(/put a key that it accepts into ssh-agent, or name it in /);
  });

  test.each([
    "Your account has expired; please contact your system administrator.",
    "The system is going down for maintenance.",
    "Account locked out.",
  ])("of an account that is shut it does not advise another key: %s", async (banner) => {
    const port = await serve((connection) => connection.end(), banner);
    const failure = await failureOf(port);
    expect(failure).toMatchObject({ code: "AUTH_FAILED", transportFailure: false });
    expect(refusalLine(failure)).toContain(`it said "${banner}"`);
    expect(refusalLine(failure)).toMatch(/see the account .*: another key does not mend this$/);
  });

  test("a legal notice is no account that is shut", async () => {
    const port = await serve((_, context) => context.reject(["publickey"]), "Authorized use only.\n");
    expect(refusalLine(await failureOf(port))).toMatch(/put a key that it accepts/);
  });
});

describe("words", () => {
  test("are one quoted line of bounded length, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("a", " ", "\n", "\r", "\0", "\u202e", "\ud800", '"', "\\"),
          maxLength: 2_000,
        }),
        fc.constantFrom("begin", "end"),
        (text, end) => {
          const quoted = quoteSaid(text, end as "begin" | "end");
          expect(quoted).toMatch(/^"[^\p{Cc}]*"$/u);
          // One character becomes at most two escapes.
          expect(quoted.length).toBeLessThanOrEqual(301 * 12 + 2);
        },
      ),
    );
  });

  test("greeting lines are the same however they are cut, and end before the greeting", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("SS", "H-2.0-x", "\r\n", "\n", "hello", " ", "S")),
        fc.array(fc.nat(60)),
        (parts, cuts) => {
          const whole = Buffer.from(parts.join(""));
          const lines = new GreetingLines();
          let at = 0;
          for (const cut of [...cuts, whole.length]) {
            lines.add(whole.subarray(at, Math.min(at + cut, whole.length)));
            at = Math.min(at + cut, whole.length);
          }
          lines.add(whole.subarray(at));
          const before = (whole.toString().split(/^SSH-/m)[0] ?? "").trim();
          expect(lines.text?.trim() ?? "").toBe(before);
        },
      ),
    );
  });

  test("of many banners only the last are kept", () => {
    let kept: string | null = null;
    for (let count = 0; count < 1_000; count++) kept = andThen(kept, `banner ${count} ${"y".repeat(100)}`);
    expect(kept?.length).toBe(1_000);
    expect(andThen(null, " \n")).toBeNull();
  });
});
