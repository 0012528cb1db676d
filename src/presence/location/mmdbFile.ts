// An MMDB file on this machine: opened when it is needed, let go soon after, opened anew when it changed.
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import { quote, safe } from "../../shared/safeText.ts";
import type { Mmdb } from "./mmdb.ts";

/** What tells one content of a file from another. */
export interface MmdbStat {
  readonly mtimeMs: number;
  readonly size: number;
  readonly ino: number;
  isFile(): boolean;
}

/** The part of `node:fs/promises` that is used. */
export interface MmdbFs {
  stat(file: string): Promise<MmdbStat>;
  readFile(file: string): Promise<Buffer>;
}

export interface MmdbFileDeps {
  readonly fs: MmdbFs;
  /** Epoch ms. */
  readonly now: () => number;
  /** Runs it once after so many ms unless what it returns is called; must not keep the process alive. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** Whether the file changed is looked at so often, when it is used. */
export const CHECK_MS = 60_000;
/** A city file takes more than 100 MB of memory: it is let go when it was not used for so long. */
export const HOLD_MS = 10_000;
/** More than the largest city file; OpenClaw keeps none that is larger. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

export const SETTING = "plugins.entries.node-router.config.presence.geoipFile";
const ADVICE = `set ${SETTING} to an MMDB file that this process can read, or to false to do without`;

/** Reads on demand. Nothing of it throws: what is wrong is in `reason`. */
export class MmdbFile {
  readonly path: string;
  /** Counts the contents that the file had: what was learned from another one no longer holds. */
  version = 0;
  /** Why it cannot be used; null: it can, or nobody has tried yet. */
  reason: string | null = null;
  /** What the present content says of itself; null: it was not read. */
  kind: Pick<Mmdb, "databaseType" | "builtAtMs"> | null = null;

  readonly #deps: MmdbFileDeps;
  /** Of the present content; null: there is no file, or nobody looked. */
  #stat: MmdbStat | null = null;
  #checkedAtMs: number | null = null;
  #checking: Promise<void> | null = null;
  #reading: Promise<Mmdb | null> | null = null;
  #open: Mmdb | null = null;
  #cancelRelease: (() => void) | null = null;

  constructor(path: string, deps: MmdbFileDeps) {
    this.path = path;
    this.#deps = deps;
  }

  /** Looks whether the file changed, unless that was done lately; all that ask at once share one look. Never rejects. */
  async check(): Promise<void> {
    const ageMs = this.#checkedAtMs === null ? Infinity : this.#deps.now() - this.#checkedAtMs;
    // After the clock was set back the last look seems to lie ahead.
    if (ageMs >= 0 && ageMs < CHECK_MS && this.#checking === null) return;
    this.#checking ??= this.#look().finally(() => {
      this.#checking = null;
    });
    await this.#checking;
  }

  /** The open file, held a little longer; null: see `reason`. A damaged one is not read again until it changes. */
  async open(): Promise<Mmdb | null> {
    if (this.reason !== null) return null;
    this.#reading ??= this.#open === null ? this.#read(this.version) : null;
    const mmdb = this.#open ?? (await this.#reading);
    if (mmdb === null) return null;
    this.#cancelRelease?.();
    this.#cancelRelease = this.#deps.after(HOLD_MS, () => this.close());
    return mmdb;
  }

  /** Lets go of the content; the next `open` reads it again. */
  close(): void {
    this.#cancelRelease?.();
    this.#cancelRelease = null;
    this.#open = null;
  }

  /** A sentence about this file. */
  fault(fact: string): string {
    return `the GeoIP file ${quote(this.path)} ${fact}; ${ADVICE}`;
  }

  async #look(): Promise<void> {
    this.#checkedAtMs = this.#deps.now();
    let stat: MmdbStat;
    try {
      stat = await this.#deps.fs.stat(this.path);
    } catch (error) {
      this.#changed(null, factOf(error));
      return;
    }
    if (isSame(stat, this.#stat)) return;
    if (!stat.isFile()) this.#changed(stat, "is no regular file");
    else if (stat.size > MAX_FILE_BYTES) this.#changed(stat, `has ${stat.size} bytes, which is too many`);
    else this.#changed(stat, null);
  }

  #changed(stat: MmdbStat | null, fact: string | null): void {
    this.close();
    this.version += 1;
    this.reason = fact === null ? null : this.fault(fact);
    this.kind = null;
    this.#stat = stat;
    this.#reading = null;
  }

  async #read(version: number): Promise<Mmdb | null> {
    let bytes: Buffer | null = null;
    let mmdb: Mmdb | null = null;
    let reason: string | null = null;
    try {
      bytes = await this.#deps.fs.readFile(this.path);
      const { readMmdb } = await loadLater(() => import("./mmdb.ts"));
      mmdb = readMmdb(bytes);
    } catch (error) {
      reason = this.fault(factOf(error));
    }
    // A slow reading of an old content is not taken for the new one.
    if (version !== this.version) return mmdb;
    this.#reading = null;
    // That it could not be read may pass without a change of the file; damage does not.
    if (bytes === null) this.#stat = null;
    this.#open = mmdb;
    // A copy: the open file itself would keep its bytes.
    this.kind = mmdb === null ? null : { databaseType: mmdb.databaseType, builtAtMs: mmdb.builtAtMs };
    this.reason = reason;
    return mmdb;
  }
}

function isSame(a: MmdbStat, b: MmdbStat | null): boolean {
  return b !== null && a.mtimeMs === b.mtimeMs && a.size === b.size && a.ino === b.ino;
}

function factOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this process";
  return `cannot be used: ${safe(messageOf(error))}`;
}
