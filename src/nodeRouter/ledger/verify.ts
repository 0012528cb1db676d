// Follows the chain of the records from the oldest to the newest, and says where it does not hold.
import { basename } from "node:path";
import { errorCode } from "../../shared/errorCode.ts";
import { messageOf } from "../../shared/errors.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { readJson } from "../../shared/jsonParts.ts";
import { safe } from "../../shared/safeText.ts";
import { type Link, NO_LINK, type Seal, sealOf } from "./chain.ts";
import { ledgerFiles, readPlaced } from "./ledgerFiles.ts";
import type { LedgerFs } from "./ledgerFs.ts";

/** More findings than these are only counted. */
const MAX_FINDINGS = 50;
/** How far back two gateways that wrote at one moment can have been. */
const FORK_RECORDS = 10_000;

export interface LedgerFinding {
  /** `start`, `end`: records are missing there. `unreadable`: the whole file. */
  readonly kind: "changed" | "missing" | "order" | "foreign" | "start" | "end" | "unreadable";
  /** Base name. */
  readonly file: string;
  /** From 1; null: it is about the file. */
  readonly line: number | null;
  /** The record's number; null: it has none. */
  readonly record: number | null;
  readonly text: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly files: number;
  /** That are sealed. */
  readonly records: number;
  /** Older ones, of the time before records were sealed: nothing can be said of them. */
  readonly unsealed: number;
  /** Pieces of lines that a crash or a full disk left. */
  readonly torn: number;
  /** Records of one gateway that another one has written beside at the same moment. */
  readonly forks: number;
  readonly head: Link | null;
  /** At most 50. */
  readonly findings: readonly LedgerFinding[];
  /** All of them. */
  readonly found: number;
}

/** Files are removed hours apart: where one goes during each check, somebody does it by hand. */
const TRIES = 3;

/** @param anchors records that must be there: hashes that were kept elsewhere, and the newest one of the gateway itself. */
export async function verifyLedger(
  fs: Pick<LedgerFs, "numbered" | "read" | "look">,
  file: string,
  anchors: readonly { readonly hash: string; readonly text: string }[],
): Promise<VerifyReport> {
  for (let tries = 1; ; tries++) {
    const check = createCheck(anchors.map(({ hash }) => hash));
    const files = await ledgerFiles(fs, file);
    for (const one of files.toReversed())
      await check.file(basename(one.name), () => readPlaced(fs, file, one));
    for (const { hash, text } of anchors) check.anchor(basename(file), hash, text);
    // One that is gone was removed meanwhile, and the ledger says so further on, or nobody did.
    if (tries === TRIES || !check.isGone()) return check.report(files.length);
  }
}

function createCheck(wanted: readonly string[]) {
  const findings: LedgerFinding[] = [];
  let found = 0;
  let records = 0;
  let unsealed = 0;
  let torn = 0;
  let forks = 0;
  let last: Seal | null = null;
  let first: { readonly seal: Seal; readonly file: string; readonly line: number } | null = null;
  let isGone = false;
  const removed = new Set<unknown>();
  const met = new Set<string>();
  /** By hash, the newest last. */
  const recent = new Map([[NO_LINK.hash, { n: 0, index: 0 }]]);
  const ring: string[] = [];
  /** Index of the last record of each writer. */
  const lastOf = new Map<string, number>();

  const tell = (finding: LedgerFinding): void => {
    found++;
    if (findings.length < MAX_FINDINGS) findings.push(finding);
  };

  const keep = (seal: Seal): void => {
    records++;
    recent.set(seal.hash, { n: seal.n, index: records });
    lastOf.set(seal.writer, records);
    // A map that loses its oldest entry each time grows slow over the gaps.
    const slot = records % FORK_RECORDS;
    const oldest = ring[slot];
    if (oldest !== undefined) recent.delete(oldest);
    ring[slot] = seal.hash;
    if (wanted.includes(seal.hash)) met.add(seal.hash);
    last = seal;
  };

  /** Two gateways that wrote at one moment have named the same record, and neither's own was between. */
  const isFork = ({ before, n, writer }: Seal): boolean => {
    const known = recent.get(before);
    return (
      last !== null &&
      before !== last.hash &&
      known !== undefined &&
      n === known.n + 1 &&
      (lastOf.get(writer) ?? 0) <= known.index
    );
  };

  const sealedLine = (text: string, file: string, line: number): void => {
    const seal = sealOf(text);
    const at = { file, line, record: seal?.n ?? null };
    if (seal === null) {
      if (!isRecord(readJson(text))) torn++;
      else if (last === null) unsealed++;
      else tell({ kind: "foreign", ...at, text: "a line has no seal: node-router did not write it" });
      return;
    }
    const { n, before, hash, also } = seal;
    if (!seal.whole) tell({ kind: "changed", ...at, text: `record ${n} was changed` });
    else if (last === null) first = { seal, file, line };
    else if (recent.has(hash)) tell({ kind: "order", ...at, text: `record ${n} is there twice` });
    else if (isFork(seal)) forks++;
    else if (before !== last.hash) tell({ ...broken(last, n), ...at });
    else if (n !== last.n + 1)
      tell({ kind: "changed", ...at, text: `record ${n} has another number than its place` });
    // Of a gateway that was away for long nobody can tell.
    if (seal.whole && also !== null && !recent.has(also) && isKnownFrom(first, records))
      tell({ kind: "missing", ...at, text: `the record that was written beside record ${n - 1} is missing` });
    keep(seal);
    if (text.includes('"kind":"removed"')) {
      const note = readJson(text);
      if (isRecord(note) && note.phase === "note") removed.add(note.first);
    }
  };

  return {
    async file(name: string, read: () => AsyncIterable<Buffer>): Promise<void> {
      let line = 0;
      let rest = "";
      try {
        const decoder = new TextDecoder();
        for await (const chunk of read()) {
          const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
          rest = lines.pop() ?? "";
          for (const text of lines) {
            line++;
            if (text !== "") sealedLine(text, name, line);
          }
        }
        // A line without its end: what a crash cut off, or what is being written now.
        if (rest !== "") torn++;
      } catch (error) {
        isGone ||= errorCode(error) === "ENOENT";
        const text = `the file cannot be read: ${safe(messageOf(error).slice(0, 300))}`;
        tell({ kind: "unreadable", file: name, line: null, record: null, text });
      }
    },
    /** A file was there when the check began, and could not be read for it was no more. */
    isGone: () => isGone,
    anchor(file: string, hash: string, what: string): void {
      if (met.has(hash)) return;
      tell({ kind: "end", file, line: null, record: null, text: `${what} is not in the ledger` });
    },
    report(files: number): VerifyReport {
      if (first !== null && first.seal.n > 1 && !removed.has(first.seal.before)) {
        const { seal, file, line } = first;
        const text = `the ledger begins with record ${seal.n}, and no note says that older files were removed`;
        tell({ kind: "start", file, line, record: seal.n, text });
      }
      const head = last === null ? null : { n: last.n, hash: last.hash };
      return { ok: found === 0, files, records, unsealed, torn, forks, head, findings, found };
    },
  };
}

/** Whether a record that is not met was there: what retention removed is none that is missing. */
function isKnownFrom(first: { readonly seal: Seal } | null, records: number): boolean {
  return records < FORK_RECORDS && (first?.seal.n === 1 || records > FORK_RECORDS / 10);
}

function broken(last: Seal, n: number): Pick<LedgerFinding, "kind" | "text"> {
  const from = last.n + 1;
  if (n > from) {
    const which = n === from + 1 ? `record ${from} is` : `records ${from} to ${n - 1} are`;
    return { kind: "missing", text: `${which} missing` };
  }
  if (n === from)
    return { kind: "changed", text: `record ${last.n} is another one than record ${n} was written after` };
  return { kind: "order", text: `record ${n} stands after record ${last.n}` };
}
