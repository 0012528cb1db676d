// A real OpenSSH server on an ephemeral loopback port, in a folder of its own. For e2e tests only.
//
//   const reason = sshdUnavailable();          // null: it can be used
//   const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
//   … connect to 127.0.0.1:sshd.port as sshd.user …
//   await sshd.stop();
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "../ports.ts";
import { type Child, startProcess } from "../process.ts";
import { type KeyKind, knownHostsLines, makeKey, type TestKey } from "./keys.ts";

/** sshd run by root wants this folder; packages make it at boot, containers often do not. */
const PRIVILEGE_FOLDER = "/run/sshd";

export interface SshdOptions {
  /** Default: one ed25519 key. */
  readonly hostKeys?: readonly (KeyKind | TestKey)[];
  /** Public keys that may log in, as lines. */
  readonly authorizedKeys: readonly string[];
  /** More lines of sshd_config, e.g. `MaxSessions 1`; they come first, so they win. */
  readonly config?: readonly string[];
  /** Command that runs it, e.g. in namespaces of its own; its arguments are sshd's path and arguments. */
  readonly through?: readonly string[];
  /** Of a server that was there before; default: a free one. */
  readonly port?: number;
}

export interface Sshd {
  readonly port: number;
  readonly pid: number;
  /** Whom it lets in: the user of this process. */
  readonly user: string;
  /** Its own folder. */
  readonly dir: string;
  readonly hostKeys: readonly TestKey[];
  /** known_hosts that vouches for it, under `[127.0.0.1]:port` or another name. */
  knownHosts(name?: string): string;
  /** What it logged so far. */
  log(): string;
  /** Kills the processes that serve its connections, as a crash would. It goes on to listen. */
  dropConnections(): void;
  /** Stops it and what serves its connections, as a suspended machine would; what it gives lets them go on. */
  freeze(): () => void;
  /** Ends the listener and every connection that it holds; commands of the connections may go on. */
  stop(): Promise<void>;
}

/** Path of sshd; null = not installed. */
export function sshdPath(): string | null {
  const folders = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return folders.map((folder) => join(folder, "sshd")).find(isExecutable) ?? null;
}

/** Why there is no sshd to test with; null = there is one. */
export function sshdUnavailable(): string | null {
  if (sshdPath() === null) return "OpenSSH's sshd is not installed (openssh-server)";
  if (process.getuid?.() !== 0 || existsSync(PRIVILEGE_FOLDER)) return null;
  try {
    mkdirSync(PRIVILEGE_FOLDER, { mode: 0o755 });
    return null;
  } catch {
    return `sshd run by root needs the folder ${PRIVILEGE_FOLDER}, and it cannot be made`;
  }
}

/**
 * Whether tests with a real sshd are left out here; says why.
 * @param title of the test file, for the message.
 * @throws Error where they must not be left out: on CI, or with NODE_ROUTER_REQUIRE_SSHD=1.
 */
export function skipWithoutSshd(title: string): boolean {
  const reason = sshdUnavailable();
  if (reason === null) return false;
  const { CI, NODE_ROUTER_REQUIRE_SSHD } = process.env;
  if ((CI ?? "") !== "" || NODE_ROUTER_REQUIRE_SSHD === "1") {
    throw new Error(`${title}: must run here (CI or NODE_ROUTER_REQUIRE_SSHD is set), and cannot: ${reason}`);
  }
  console.warn(`${title}: skipped: ${reason}`);
  return true;
}

export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const reason = sshdUnavailable();
  const path = sshdPath();
  if (path === null || reason !== null) throw new Error(`no sshd to test with: ${reason}`);
  const dir = mkdtempSync(join(tmpdir(), "node-router-sshd-"));
  const hostKeys = (options.hostKeys ?? ["ed25519"]).map((key) =>
    typeof key === "string" ? makeKey(key) : key,
  );
  const keyFiles = hostKeys.map(({ privateKey }, index) => {
    const file = join(dir, `host_key_${index}`);
    writeFileSync(file, privateKey, { mode: 0o600 });
    return file;
  });
  const authorizedKeysFile = join(dir, "authorized_keys");
  writeFileSync(authorizedKeysFile, options.authorizedKeys.map((line) => `${line}\n`).join(""), {
    mode: 0o600,
  });
  const port = options.port ?? (await freePort());
  const configFile = join(dir, "sshd_config");
  writeFileSync(
    configFile,
    [
      ...(options.config ?? []),
      "ListenAddress 127.0.0.1",
      `Port ${port}`,
      `PidFile ${join(dir, "sshd.pid")}`,
      ...keyFiles.map((file) => `HostKey ${file}`),
      `AuthorizedKeysFile ${authorizedKeysFile}`,
      // The folders above are not root's alone, and there is no PAM to ask in a test.
      "StrictModes no",
      "UsePAM no",
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PubkeyAuthentication yes",
      "AllowTcpForwarding yes",
      "MaxStartups 100:30:200",
      "Subsystem sftp internal-sftp",
      "PrintMotd no",
      "",
    ].join("\n"),
  );
  const [program = path, ...args] = [...(options.through ?? []), path, "-D", "-e", "-f", configFile];
  const child: Child = startProcess(program, args, {
    env: { PATH: process.env.PATH ?? "" },
    cwd: dir,
    logFile: join(dir, "sshd.log"),
  });
  try {
    await child.waitForLine(/Server listening on 127\.0\.0\.1 port/);
  } catch (error) {
    await child.end();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  const serving = () =>
    childrenOf(child.pid).flatMap((connection) => [connection, ...childrenNamedSshd(connection)]);
  return {
    port,
    pid: child.pid,
    user: userInfo().username,
    dir,
    hostKeys,
    knownHosts: (name = `[127.0.0.1]:${port}`) => knownHostsLines(name, hostKeys),
    log: child.log,
    dropConnections() {
      for (const pid of serving()) endProcess(pid, "SIGKILL");
    },
    freeze() {
      const stopped = [child.pid, ...serving()];
      for (const pid of stopped) endProcess(pid, "SIGSTOP");
      return () => {
        for (const pid of stopped) endProcess(pid, "SIGCONT");
      };
    },
    async stop() {
      // A connection's process is in a session of its own, so the listener's group does not hold it.
      const connections = serving();
      await child.end();
      for (const pid of connections) endProcess(pid, "SIGTERM");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

/** A connection is served by one more sshd below the first, which runs as the user. */
function childrenNamedSshd(pid: number): readonly number[] {
  return processes().flatMap((entry) =>
    entry.parent === pid && entry.name.includes("sshd") ? [entry.pid] : [],
  );
}

function childrenOf(pid: number): readonly number[] {
  return processes().flatMap((entry) => (entry.parent === pid ? [entry.pid] : []));
}

function processes(): readonly { readonly pid: number; readonly parent: number; readonly name: string }[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [pid, parent, name] = line.trim().split(/\s+/);
    return name === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), name }];
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
