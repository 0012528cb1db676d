// Presence source: the SSH host keys that Tailscale's control plane distributes with its list of peers.
import { execFile } from "node:child_process";
import { request } from "node:http";
import { isIP } from "node:net";
import { quote } from "../../safeText.ts";

/**
 * `known`: lines `ssh-ed25519 AAAA…` of exactly this peer. `unknown`: nobody can say, which is never a no.
 */
export type TailscaleHostKeys =
  | { readonly kind: "known"; readonly peer: string; readonly keys: readonly string[] }
  | { readonly kind: "unknown"; readonly reason: string };

/** Reads the status of the local Tailscale: parsed JSON of `ipnstate.Status`. */
export type ReadTailscaleStatus = () => Promise<unknown>;

/** tailscaled answers in milliseconds; a connection must not wait for one that does not. */
const READ_TIMEOUT_MS = 2_000;
/** A tailnet of thousands of peers is a few megabytes. */
const MAX_STATUS_BYTES = 32 * 1024 * 1024;
/** LocalAPI of Linux, then of the open-source tailscaled on macOS. */
const SOCKETS: readonly string[] = ["/var/run/tailscale/tailscaled.sock", "/var/run/tailscaled.socket"];
const COMMANDS: readonly string[] = ["tailscale", "/Applications/Tailscale.app/Contents/MacOS/Tailscale"];

/**
 * The host keys of the peer that is configured as `peer`, if `host` is one of its names or addresses.
 * Never rejects; ends within a few seconds.
 * @param peer MagicDNS name (with or without the last dot), its first label, hostname or IP address.
 * @param host what SSH connects to.
 */
export async function tailscaleHostKeys(
  peer: string,
  host: string,
  readStatus: ReadTailscaleStatus = () => readLocalStatus(),
): Promise<TailscaleHostKeys> {
  let status: unknown;
  try {
    status = await readStatus();
  } catch (error) {
    const fact = error instanceof Error ? error.message.split("\n", 1)[0] : "no answer";
    return { kind: "unknown", reason: `its status cannot be read (${fact})` };
  }
  return selectHostKeys(status, peer, host);
}

/** The same from a status that was read. Pure. */
export function selectHostKeys(status: unknown, peer: string, host: string): TailscaleHostKeys {
  const unknown = (reason: string): TailscaleHostKeys => ({ kind: "unknown", reason });
  if (!isRecord(status)) return unknown("its status is not in a form that can be read");
  if (status.BackendState !== "Running") return unknown("it is not running");
  const peers = isRecord(status.Peer) ? Object.values(status.Peer).filter(isRecord).map(readPeer) : [];
  const found = findPeer(peers, peer, suffixOf(status));
  if (found === "none") return unknown(`no peer is called ${quote(peer)}`);
  if (found === "several") return unknown(`several peers are called ${quote(peer)}`);
  // The key is the peer's, so it says nothing about another machine that the settings lead to.
  if (!leadsTo(found, host, suffixOf(status))) {
    return unknown(`${quote(host)} is not a name or address of peer ${quote(found.dnsName)}`);
  }
  if (found.keys.length === 0) return unknown(`peer ${quote(found.dnsName)} has no SSH host keys there`);
  return { kind: "known", peer: found.dnsName, keys: found.keys };
}

interface Peer {
  /** Without the last dot, in lower case. */
  readonly dnsName: string;
  readonly hostName: string;
  readonly addresses: readonly string[];
  readonly keys: readonly string[];
}

/**
 * SECURITY: a whole name or an address is the control plane's; a first label only counts in our own tailnet; a
 * HostName is what the machine calls itself, so it comes last. More than one answer is no answer.
 */
function findPeer(peers: readonly Peer[], wanted: string, suffix: string | null): Peer | "none" | "several" {
  const name = normal(wanted);
  const own = peers.filter(({ dnsName }) => suffix === null || dnsName.endsWith(`.${suffix}`));
  const tiers = [
    peers.filter((peer) => peer.dnsName === name || isAddressOf(peer, name)),
    own.filter((peer) => labelOf(peer) === name),
    own.filter((peer) => peer.hostName === name),
  ];
  for (const tier of tiers) {
    if (tier.length > 1) return "several";
    const [only] = tier;
    if (only !== undefined) return only;
  }
  return "none";
}

/** Not by HostName: nothing resolves it. */
function leadsTo(peer: Peer, host: string, suffix: string | null): boolean {
  const name = normal(host);
  if (peer.dnsName === name || isAddressOf(peer, name)) return true;
  return labelOf(peer) === name && (suffix === null || peer.dnsName.endsWith(`.${suffix}`));
}

function isAddressOf({ addresses }: Peer, name: string): boolean {
  return isIP(name) !== 0 && addresses.includes(name);
}

function labelOf({ dnsName }: Peer): string {
  return dnsName.split(".", 1)[0] ?? "";
}

function readPeer(entry: Readonly<Record<string, unknown>>): Peer {
  return {
    dnsName: normal(text(entry.DNSName)),
    hostName: normal(text(entry.HostName)),
    addresses: texts(entry.TailscaleIPs).map(normal),
    keys: texts(entry.sshHostKeys),
  };
}

function suffixOf(status: Readonly<Record<string, unknown>>): string | null {
  const tailnet = isRecord(status.CurrentTailnet) ? status.CurrentTailnet : {};
  return normal(text(tailnet.MagicDNSSuffix) || text(status.MagicDNSSuffix)) || null;
}

function normal(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, "");
}

/**
 * The LocalAPI where it is a unix socket, else the command line tool, which finds the others.
 * @throws Error when none is there, or none answers in time.
 */
export async function readLocalStatus(
  sockets: readonly string[] = SOCKETS,
  commands: readonly string[] = COMMANDS,
  timeoutMs = READ_TIMEOUT_MS,
): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  const readers = [
    ...sockets.map((path) => () => readSocket(path, signal)),
    ...commands.map((file) => () => runCommand(file, signal)),
  ];
  let last: unknown = new Error("Tailscale is not installed");
  for (const read of readers) {
    try {
      return JSON.parse(await read());
    } catch (error) {
      if (signal.aborted) throw new Error(`no answer within ${timeoutMs} ms`, { cause: error });
      if (!isAbsent(error)) last = error;
    }
  }
  throw last;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** LocalAPI: any local user may read; it wants this Host, and no Origin or Referer. */
function readSocket(socketPath: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { Host: "local-tailscaled.sock" };
  const call = request(
    { socketPath, path: "/localapi/v0/status", headers, agent: false, signal },
    (answer) => {
      let size = 0;
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => {
        size += part.length;
        if (size > MAX_STATUS_BYTES) call.destroy(new Error("the status is too long"));
        else parts.push(part);
      });
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(parts).toString("utf8"));
        else reject(new Error(`LocalAPI answered ${answer.statusCode}`));
      });
    },
  );
  call.on("error", reject);
  call.end();
  return promise;
}

function runCommand(file: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { signal, maxBuffer: MAX_STATUS_BYTES, killSignal: "SIGKILL" } as const;
  execFile(file, ["status", "--json"], options, (error, stdout) => {
    if (error) reject(error);
    else resolve(stdout);
  });
  return promise;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
