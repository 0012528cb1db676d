// Where Tailscale can be asked on this machine: paths and ports of safesocket/ and paths/ in Tailscale's source.
import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import type { LocalApi } from "./localApi.ts";

/** What there is to look at. Paths are absolute; the functions reject with Node's error, code ENOENT = absent. */
export interface TailnetMachine {
  readonly platform: NodeJS.Platform;
  readonly sockets: readonly string[];
  /** Command line tools, which find the LocalAPI in their own way. */
  readonly commands: readonly string[];
  /** Where the macOS app from tailscale.com keeps its port and token. */
  readonly macFolder: string;
  readonly readLink: (path: string) => Promise<string>;
  readonly readFile: (path: string) => Promise<string>;
  /** What `lsof -F` prints of the files that the macOS app of the App Store has open. */
  readonly openFiles: (signal: AbortSignal) => Promise<string>;
}

/**
 * SECURITY: only where root alone can put one: whoever answers there is believed in tags and SSH host keys. QNAP's is
 * under /tmp, where anybody could; there the command is asked.
 */
const LINUX_SOCKETS: readonly string[] = [
  "/var/run/tailscale/tailscaled.sock",
  "/var/packages/Tailscale/var/tailscaled.sock",
];
const MAC_SOCKETS: readonly string[] = ["/var/run/tailscaled.socket"];

/** The machine this process runs on. */
export function thisMachine(platform: NodeJS.Platform = process.platform): TailnetMachine {
  const isMac = platform === "darwin";
  return {
    platform,
    // On Windows the LocalAPI is a named pipe, which we do not ask.
    sockets: platform === "win32" ? [] : isMac ? MAC_SOCKETS : [...LINUX_SOCKETS, ...MAC_SOCKETS],
    commands: ["tailscale", ...(isMac ? ["/Applications/Tailscale.app/Contents/MacOS/Tailscale"] : [])],
    macFolder: "/Library/Tailscale",
    readLink: (path) => readlink(path),
    readFile: (path) => readFile(path, "utf8"),
    openFiles,
  };
}

/** LocalAPIs that may be there, the likeliest first: an app before tailscaled, as Tailscale's own tool does it. */
export async function* findLocalApis(machine: TailnetMachine, signal: AbortSignal): AsyncGenerator<LocalApi> {
  if (machine.platform === "darwin") {
    const app = await standaloneApp(machine);
    if (app !== null) yield app;
    const store = storeApp(await machine.openFiles(signal).catch(() => ""));
    if (store !== null) yield store;
  }
  for (const path of machine.sockets) yield { kind: "socket", path };
}

/** The app from tailscale.com; admins may read its token. Null when it is not there or not for us. */
async function standaloneApp({ macFolder, readLink, readFile }: TailnetMachine): Promise<LocalApi | null> {
  try {
    const port = await readLink(`${macFolder}/ipnport`);
    if (!isPort(port)) return null;
    const token = (await readFile(`${macFolder}/sameuserproof-${port}`)).trim();
    return token === "" ? null : { kind: "port", port: Number(port), token };
  } catch {
    return null;
  }
}

/** The app of the App Store: port and token are in the name of a file that it holds open. */
function storeApp(files: string): LocalApi | null {
  const [, port = "", token = ""] = /\.tailscale\.ipn\.macos\/sameuserproof-(\d+)-(\S+)$/m.exec(files) ?? [];
  return isPort(port) ? { kind: "port", port: Number(port), token } : null;
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

function openFiles(signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const args = ["-n", "-a", `-u${process.getuid?.() ?? ""}`, "-c", "IPNExtension", "-F"];
  execFile("lsof", args, { signal, killSignal: "SIGKILL" }, (error, stdout) => {
    if (error) reject(error);
    else resolve(stdout);
  });
  return promise;
}
