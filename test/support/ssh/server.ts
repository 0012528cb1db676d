// An SSH server in this process, on an ephemeral loopback port: the double for unit tests of the transport.
//
//   const server = await startSshServer({ authorizedKeys: [key.publicKey] });
//   … connect to 127.0.0.1:server.port, trusting server.knownHosts() …
//   await server.stop();
import { connect, createServer } from "node:net";
import type { AuthContext, Connection, ServerChannel } from "ssh2";
import ssh2 from "ssh2";
import { type KeyKind, knownHostsLines, makeKey, type TestKey } from "./keys.ts";
import { runInShell, type ShellProcess } from "./shell.ts";
import { type Misbehaviour, portOf, startWire } from "./wire.ts";

export interface SshServerOptions {
  /** Default: one ed25519 key. */
  readonly hostKeys?: readonly (KeyKind | TestKey)[];
  /** Public keys that may log in, as lines. Default: none. */
  readonly authorizedKeys?: readonly string[];
  /** Let everybody in without a key, as Tailscale SSH does. */
  readonly allowNone?: boolean;
  /** After a key, this method is demanded too. */
  readonly secondFactor?: "password" | "keyboard-interactive";
  /** Failures after which the connection is closed; default 6. */
  readonly maxAuthTries?: number;
  /** Open sessions a connection; default 10. */
  readonly maxSessions?: number;
  /** Let clients connect onwards (jump host); default true. */
  readonly forwarding?: boolean;
  /** Text before the login. */
  readonly banner?: string;
  /** The login never ends: requests are not answered. */
  readonly hangAuth?: boolean;
  /** Milliseconds that everything takes, each way; default 0. */
  readonly delayMs?: number;
  /** What connections meet instead of SSH; default: SSH. */
  readonly misbehaviour?: Misbehaviour;
  /** Runs a command; default: `/bin/sh -c` on this machine, in its own process group. */
  readonly exec?: (command: string, channel: ServerChannel) => void;
}

export interface SshServer {
  readonly port: number;
  readonly hostKeys: readonly TestKey[];
  /** known_hosts that vouches for this server, under `[127.0.0.1]:port` or another name. */
  knownHosts(name?: string): string;
  /** Open connections. */
  connections(): number;
  /** Sessions that are open, of all connections. */
  sessions(): number;
  /** Every login attempt, e.g. `none`, `publickey ssh-ed25519`; `publickey ssh-rsa sha256`. */
  readonly attempts: readonly string[];
  /** Commands that were asked for. */
  readonly commands: readonly string[];
  /** Processes that its commands started and that are still there. */
  readonly processes: ReadonlySet<ShellProcess>;
  /** From now on nothing passes, and nothing is closed: a black hole. */
  freeze(): void;
  /** New connections pass again; those of before stay dead. */
  thaw(): void;
  /** Resets every open connection. */
  cut(): void;
  /** Ends connections, processes and the server itself. */
  stop(): Promise<void>;
}

export async function startSshServer(options: SshServerOptions = {}): Promise<SshServer> {
  const hostKeys = (options.hostKeys ?? ["ed25519"]).map((key) =>
    typeof key === "string" ? makeKey(key) : key,
  );
  const [attempts, commands]: [string[], string[]] = [[], []];
  const processes = new Set<ShellProcess>();
  let sessions = 0;

  const onConnection = (connection: Connection) => {
    connection.on("error", () => undefined);
    authenticate(connection, options, attempts);
    if (options.forwarding ?? true) forwardOnwards(connection);
    let open = 0;
    connection.on("session", (accept, reject) => {
      if (open >= (options.maxSessions ?? 10)) {
        reject();
        return;
      }
      open += 1;
      sessions += 1;
      const session = accept();
      let process: ShellProcess | null = null;
      session.once("close", () => {
        open -= 1;
        sessions -= 1;
      });
      const environment: Record<string, string> = {};
      session.on("env", (agree, _, { key, val }) => {
        environment[key] = val;
        agree?.();
      });
      session.on("pty", (agree) => agree?.());
      session.on("signal", (agree, _, { name }) => {
        agree?.();
        process?.signal(name);
      });
      session.on("exec", (agree, _, { command }) => {
        commands.push(command);
        const channel = agree();
        channel.on("error", () => undefined);
        if (options.exec !== undefined) {
          options.exec(command, channel);
          return;
        }
        const started = runInShell(command, channel, environment);
        process = started;
        processes.add(started);
        void started.ended.then(() => processes.delete(started));
      });
    });
  };

  const server = new ssh2.Server(
    {
      hostKeys: hostKeys.map(({ privateKey }) => privateKey),
      ...(options.banner === undefined ? {} : { banner: options.banner }),
    },
    onConnection,
  );
  // ssh2 leaves Nagle's algorithm on for the sockets that it accepts itself.
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => resolve());
  });
  const wire = await startWire({
    target: portOf(listener),
    delayMs: options.delayMs ?? 0,
    misbehaviour: options.misbehaviour ?? null,
  });

  return {
    port: wire.port,
    hostKeys,
    knownHosts: (name = `[127.0.0.1]:${wire.port}`) => knownHostsLines(name, hostKeys),
    connections: wire.count,
    sessions: () => sessions,
    attempts,
    commands,
    processes,
    freeze: wire.freeze,
    thaw: wire.thaw,
    cut: wire.cut,
    async stop() {
      const all = [...processes];
      for (const process of all) process.kill();
      await Promise.all([wire.stop(), ...all.map(({ ended }) => ended)]);
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function authenticate(connection: Connection, options: SshServerOptions, attempts: string[]): void {
  let [requests, failures] = [0, 0];
  let hasKey = false;
  connection.on("authentication", (context: AuthContext) => {
    requests += 1;
    attempts.push(nameOf(context));
    if (options.hangAuth) return;
    if (context.method === "publickey" && isAuthorized(context, options.authorizedKeys ?? [])) {
      if (options.secondFactor === undefined || context.signature === undefined) {
        context.accept();
        return;
      }
      hasKey = true;
      context.reject([options.secondFactor], true);
      return;
    }
    if (context.method === "none" && options.allowNone) {
      context.accept();
      return;
    }
    // As OpenSSH: "none" as the first request asks what there is, and is no failure.
    if (context.method !== "none" || requests > 1) failures += 1;
    if (failures >= (options.maxAuthTries ?? 6)) connection.end();
    else context.reject(hasKey && options.secondFactor ? [options.secondFactor] : ["publickey"]);
  });
}

/** ssh2 tells an RSA key's signature algorithm by its hash alone. */
function nameOf(context: AuthContext): string {
  if (context.method !== "publickey") return context.method;
  const { key, hashAlgo } = context;
  return `publickey ${key.algo}${hashAlgo === undefined ? "" : ` ${hashAlgo}`}`;
}

function isAuthorized(
  context: Extract<AuthContext, { method: "publickey" }>,
  authorizedKeys: readonly string[],
): boolean {
  // SHA-1 signatures: OpenSSH has not taken them since 8.8.
  if (context.key.algo === "ssh-rsa" && context.hashAlgo === undefined) return false;
  return authorizedKeys.some((line) => {
    const key = ssh2.utils.parseKey(line);
    if (key instanceof Error || !key.getPublicSSH().equals(context.key.data)) return false;
    const { blob, signature, hashAlgo } = context;
    if (blob === undefined || signature === undefined) return true;
    return key.verify(blob, signature, hashAlgo) === true;
  });
}

/** Channels to other loopback servers, as a jump host gives them. */
function forwardOnwards(connection: Connection): void {
  connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
    const socket = connect({ host: destIP, port: destPort, noDelay: true });
    socket.once("error", () => reject());
    socket.once("connect", () => {
      const channel = accept();
      channel.on("error", () => undefined);
      socket.on("error", () => undefined);
      socket.pipe(channel).pipe(socket);
      channel.once("close", () => socket.destroy());
      socket.once("close", () => channel.destroy());
    });
  });
}
