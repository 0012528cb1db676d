// Our lines in the authorized_keys of the user that runs the gateway; no other line is touched.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, orIfMissing } from "../../../shared/errorCode.ts";
import { withFileLock } from "../../../shared/fileLock.ts";

/** Whoever has more keys has a program that writes them. Bytes. */
const MAX_BYTES = 1 << 20;
const TRIES = 5;

export interface KeyGrant {
  /** `ssh-ed25519 <base64>`. */
  readonly key: string;
  /** By which the line is found again: no blank in it. */
  readonly mark: string;
  /** For people who read the file. */
  readonly name: string;
  /** The one port that it leads to, on this machine's loopback. */
  readonly port: number;
  /** Epoch ms; null: for good. */
  readonly expiresAtMs: number | null;
}

/**
 * The line: it opens that port for connections, and gives no command, terminal, agent or port of this machine
 * (sshd(8); `permitlisten` is known since OpenSSH 7.8). No option keeps it
 * from making a Unix socket of its own: AllowStreamLocalForwarding does.
 */
export function keyLine({ key, mark, name, port, expiresAtMs }: KeyGrant): string {
  const options = [
    "restrict",
    "port-forwarding",
    `permitopen="127.0.0.1:${port}"`,
    'permitlisten="none:1"',
    'command="exit 1"',
    ...(expiresAtMs === null ? [] : [`expiry-time="${expiryOf(expiresAtMs)}"`]),
  ];
  return `${options.join(",")} ${key} ${name.replace(/[^\x21-\x7e]/g, "_")} ${mark}`;
}

/** In this machine's own time: a `Z` behind it is known since OpenSSH 9.1 alone. */
function expiryOf(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return [
    at.getFullYear(),
    ...[at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()].map(two),
  ].join("");
}

export function authorizedKeysFile(home: string): string {
  return join(home, ".ssh", "authorized_keys");
}

/**
 * Takes the lines with these marks out, and puts the line of `grant` in where the first one stood, or at the end.
 * @param home of the user that runs the gateway, absolute.
 * @param grant null: nothing is put in.
 * @returns how many were taken out.
 * @throws Error where the file is a link or another user's, too large, or cannot be written: nothing changed then.
 */
export async function grantKey(
  home: string,
  marks: readonly string[],
  grant: KeyGrant | null,
): Promise<number> {
  const folder = join(home, ".ssh");
  const file = authorizedKeysFile(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // SECURITY: a link would have us write where somebody else chose.
  if ((await lstat(folder)).isSymbolicLink()) throw new Error(`${folder} is a link, and is not followed`);
  return withFileLock(file, async () => {
    for (let tries = 1; ; tries++) {
      const before = await readKeys(file);
      const { text, removed } = edited(before.text, marks, grant);
      if (text === before.text) return removed;
      if (await replaced(file, text, before)) return removed;
      if (tries >= TRIES) throw new Error(`${file} is being changed by another program`);
    }
  });
}

const markOf = (line: string): string => line.trimEnd().split(/\s/).at(-1) ?? "";

function edited(
  text: string,
  marks: readonly string[],
  grant: KeyGrant | null,
): { readonly text: string; readonly removed: number } {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const isOurs = (line: string) => marks.includes(markOf(line)) && !line.trimStart().startsWith("#");
  const at = lines.findIndex(isOurs);
  const others = lines.filter((line) => !isOurs(line));
  const removed = lines.length - others.length;
  if (grant !== null) others.splice(at < 0 ? others.length : at, 0, keyLine(grant));
  else if (removed === 0) return { text, removed };
  return { text: others.map((line) => `${line}\n`).join(""), removed };
}

interface KeysFile {
  /** Each character one byte. */
  readonly text: string;
  readonly mode: number;
  /** Changes with every writer; null: there is no file. */
  readonly version: string | null;
}

async function readKeys(file: string): Promise<KeysFile> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { text: "", mode: 0o600, version: null };
    if (errorCode(error) === "ELOOP") throw new Error(`${file} is a link, and is not followed`);
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error(`${file} is no file`);
    if (stat.uid !== process.geteuid?.()) throw new Error(`${file} is another user's`);
    if (stat.size > MAX_BYTES) throw new Error(`${file} is larger than ${MAX_BYTES} bytes`);
    const text = (await handle.readFile()).toString("latin1");
    return { text, mode: stat.mode & 0o777, version: versionOf(stat) };
  } finally {
    await handle.close();
  }
}

const versionOf = ({ ino, mtimeMs, size }: { ino: number; mtimeMs: number; size: number }): string =>
  `${ino} ${mtimeMs} ${size}`;

/** @returns false: somebody else has changed it since. */
async function replaced(file: string, text: string, { mode, version }: KeysFile): Promise<boolean> {
  const part = `${file}.${randomBytes(6).toString("hex")}.part`;
  const handle = await open(part, "wx", mode);
  try {
    try {
      await handle.writeFile(Buffer.from(text, "latin1"));
      // Whatever the umask made of it.
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const now = await orIfMissing(lstat(file), null);
    if ((now === null ? null : versionOf(now)) !== version) return false;
    await rename(part, file);
    return true;
  } finally {
    await rm(part, { force: true });
  }
}
