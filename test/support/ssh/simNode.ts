// A node without processes: a real ssh2 server in memory whose shells are played, so that a test decides the order
// of every event. For faults that no real machine shows on demand.
import { Duplex } from "node:stream";
import type { Connection, ServerChannel } from "ssh2";
import ssh2, { type Client } from "ssh2";
import { guard } from "../../../src/nodeRouter/transports/ssh/connect/bounds/guard.ts";
import { KEEPER, PONG, READY } from "../../../src/nodeRouter/transports/ssh/session/bootstrap.ts";
import { makeKey } from "./keys.ts";

/**
 * What happens when a session is asked for. `silent`: no answer. `refused`: there is a session, and no program in
 * it. `sharedGroup`: the shell says that it is in the server's own process group.
 */
export type SessionAnswer =
  | "ready"
  | "silent"
  | "refused"
  | "neverReady"
  | "endsFirst"
  | "endsReady"
  | "sharedGroup";

export interface SimOptions {
  /** Asked for every session; default: `ready`. */
  readonly answer?: (kind: SimShell["kind"]) => SessionAnswer;
  /** Open sessions a connection; default 10. */
  readonly maxSessions?: number;
  /** Turns of the event loop for which a session that was closed still counts there; default: none. */
  readonly countsOn?: number;
  /** Whether keepers answer pings now; default: they do. */
  readonly answersPings?: () => boolean;
  /** Plays a shell itself, from its first word on; false: it is played as always. */
  readonly plays?: (shell: SimShell) => boolean;
  /** How long everything takes one way, ms; default: a turn of the event loop. */
  readonly oneWayMs?: number;
  /** Told of every login, before any session. */
  readonly onLogin?: (connection: Connection) => void;
  /** Told when a shell has read its whole request: from there on the command has begun. */
  readonly onCommand?: (shell: SimShell) => void;
}

/** One session of the server. */
export interface SimShell {
  readonly kind: "keeper" | "runner" | "terminal";
  readonly channel: ServerChannel;
  /** Pid and process group. */
  readonly group: number;
  /** Of its connection. */
  readonly server: number;
  /** The shell text of its request; null while it waits. */
  body: string | null;
  marker: string;
  /** Signals that its group got. */
  readonly signals: string[];
  /** What a keeper was told. */
  readonly heard: string[];
  isOver: boolean;
  /** Says that the command begins, as the real runner does. */
  begin(): void;
  exit(codeOrSignal: number | string): void;
}

export interface SimNode {
  connect(): Promise<Client>;
  readonly shells: readonly SimShell[];
  /** Most sessions that one connection ever held at the same time. */
  readonly mostSessions: number;
  /** Open connections. */
  connections(): number;
  /** Breaks one connection, or all of them. */
  cut(server?: number): void;
  /** Nothing passes any more, and nothing is closed: a black hole. New connections are fine. */
  freeze(): void;
}

/** One end of a wire in memory. Every chunk takes one turn of the event loop, or a time. */
class End extends Duplex {
  peer: End | null = null;
  isFrozen = false;
  readonly #oneWayMs: number;

  constructor(oneWayMs: number) {
    super();
    this.#oneWayMs = oneWayMs;
  }

  #later(work: () => void): void {
    if (this.#oneWayMs === 0) setImmediate(work);
    else setTimeout(work, this.#oneWayMs);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.isFrozen) this.#later(() => this.peer?.readable && this.peer.push(chunk));
    done();
  }

  override _final(done: () => void): void {
    if (!this.isFrozen) this.#later(() => this.peer?.readable && this.peer.push(null));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { peer } = this;
    if (!this.isFrozen) this.#later(() => peer?.destroy());
    done(error);
  }
}

const HOST_KEY = makeKey("ed25519");

// ssh2's server sets its keepalive timer anew for every packet, with `refresh`. The fake clock of fake-timers 15 moves
// such a timer in its heap by the new time alone, and loses others for that: they would never fire.
Reflect.set(ssh2.Server, "KEEPALIVE_CLIENT_INTERVAL", -1);

export function createSimNode(options: SimOptions = {}): SimNode {
  const shells: SimShell[] = [];
  const wires = new Map<number, readonly [End, End]>();
  let last = 1_000;
  let most = 0;
  const nextPid = () => {
    last += 1;
    return last;
  };

  const signal = (group: number, name: string): void => {
    for (const shell of shells) {
      if (shell.group !== group || shell.isOver) continue;
      shell.signals.push(name);
      if (name === "TERM" || name === "KILL") shell.exit(name);
    }
  };

  const play = (kind: SimShell["kind"], channel: ServerChannel, server: number, answer: SessionAnswer) => {
    const group = nextPid();
    const shell: SimShell = {
      kind,
      channel,
      group,
      server,
      body: null,
      marker: "",
      signals: [],
      heard: [],
      isOver: false,
      begin() {
        if (kind === "terminal") channel.write(`${shell.marker} start\r\n`);
        else {
          channel.write(`${shell.marker}\n`);
          channel.stderr.write(`${shell.marker} start\n`);
        }
      },
      exit(how) {
        if (shell.isOver) return;
        shell.isOver = true;
        if (typeof how === "number") channel.exit(how);
        else channel.exit(how, false, "");
        channel.end();
      },
    };
    shells.push(shell);
    channel.on("error", () => undefined);
    channel.once("close", () => {
      shell.isOver = true;
    });
    if (options.plays?.(shell) === true) return;
    let text = "";
    channel.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (kind !== "keeper") {
        if (shell.body === null) readRequest();
        return;
      }
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        shell.heard.push(line);
        const [word = "", target = "", name = "TERM"] = line.split(" ");
        if (word === "T") signal(Number(target), "TERM");
        if (word === "S") signal(Number(target), name);
        if (word === "P" && (options.answersPings?.() ?? true)) channel.write(`${PONG} ${target}\n`);
      }
    });
    const readRequest = () => {
      const [, marker, size] = /^(\S+) (\d+)\n/.exec(text) ?? [];
      if (marker === undefined || shell.isOver) return;
      const start = text.indexOf("\n") + 1;
      const end = Number(size) === 0 ? text.indexOf("\n", start) : start + Number(size);
      if (end === -1 || text.length < end) return;
      shell.marker = marker;
      shell.body = Buffer.from(text.slice(start, end), "latin1").toString();
      if (options.onCommand !== undefined) options.onCommand(shell);
      else {
        shell.begin();
        shell.exit(0);
      }
    };
    channel.on("end", () => {
      if (shell.body === null || kind === "keeper") shell.exit(0);
    });
    if (answer === "endsFirst") shell.exit(1);
    else if (answer !== "neverReady") {
      if (kind === "keeper") {
        const facts = ["os Linux", "arch x", "shell /bin/sh", "home /", "host sim", `ready ${group}`];
        channel.write(facts.map((fact) => `${KEEPER} ${fact}\n`).join(""));
      } else {
        const ofGroup = answer === "sharedGroup" ? server : group;
        channel.write(`${READY} ${group} ${server} ${ofGroup} Thu Jan  1 00:00:00 1970\n`);
      }
      if (answer === "endsReady") shell.exit(0);
    }
  };

  const serve = (server: number) => (connection: Connection) => {
    let open = 0;
    /** Of these and of those that were closed, so many as the server goes by. */
    let counted = 0;
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => context.accept());
    connection.on("ready", () => options.onLogin?.(connection));
    connection.on("session", (accept, reject) => {
      if (counted >= (options.maxSessions ?? 10)) {
        reject();
        return;
      }
      open += 1;
      counted += 1;
      most = Math.max(most, open);
      const session = accept();
      session.once("close", () => {
        open -= 1;
        const release = (turns: number): void => {
          if (turns > 0) setImmediate(release, turns - 1);
          else counted -= 1;
        };
        release(options.countsOn ?? 0);
      });
      let kind: SimShell["kind"] = "runner";
      session.on("pty", (agree) => {
        kind = "terminal";
        agree?.();
      });
      session.on("exec", (agree, refuse, { command }) => {
        if (command.includes(KEEPER)) kind = "keeper";
        const answer = options.answer?.(kind) ?? "ready";
        if (answer === "silent") return;
        if (answer === "refused") refuse?.();
        else play(kind, agree(), server, answer);
      });
    });
  };

  return {
    shells,
    get mostSessions() {
      return most;
    },
    connections: () => wires.size,
    connect() {
      const { oneWayMs = 0 } = options;
      const [near, far] = [new End(oneWayMs), new End(oneWayMs)];
      near.peer = far;
      far.peer = near;
      for (const end of [near, far]) end.on("error", () => undefined);
      const pid = nextPid();
      wires.set(pid, [near, far]);
      near.once("close", () => wires.delete(pid));
      const sshServer = new ssh2.Server({ hostKeys: [HOST_KEY.privateKey] }, serve(pid));
      // Any stream will do, whatever its type says.
      Reflect.apply(sshServer.injectSocket, sshServer, [far]);
      return new Promise((resolve, reject) => {
        const client = new ssh2.Client();
        client.once("ready", () => resolve(client));
        client.on("error", reject);
        client.once("close", () => reject(new Error("closed")));
        client.connect({ sock: near, username: "sim", keepaliveInterval: 5_000, keepaliveCountMax: 3 });
        guard(client, near);
      });
    },
    cut(server) {
      for (const [pid, [near, far]] of wires) {
        if (server !== undefined && server !== pid) continue;
        near.destroy();
        far.destroy();
      }
    },
    freeze() {
      for (const [near, far] of wires.values()) {
        near.isFrozen = true;
        far.isFrozen = true;
      }
    },
  };
}

// ssh2 loads its ciphers once, in time of its own: afterwards a turn of the event loop is all that anything takes.
const first = createSimNode();
await first.connect();
first.cut();
