// Places of public addresses by an MMDB file on this machine. It never downloads, and never asks anybody.
import { BoundedMap } from "../../shared/bounded.ts";
import { quote } from "../../shared/safeText.ts";
import type { Place } from "../record.ts";
import { creditOf } from "./geoipCredit.ts";
import { placeOfRecord } from "./geoipRecord.ts";
import type { Mmdb } from "./mmdb.ts";
import { MmdbFile, type MmdbFileDeps, SETTING } from "./mmdbFile.ts";
import { publicAddress } from "./publicAddress.ts";

export interface GeoipDeps extends MmdbFileDeps {
  /** Path of the MMDB file; null: the operator switched GeoIP off. */
  readonly file: string | null;
  /** The credit for a file that does not say whose it is; null: none. */
  readonly credit: string | null;
}

/** A place, or why there is none. */
export type GeoipAnswer =
  | { readonly place: Place; readonly reason: null }
  | { readonly place: null; readonly reason: string };

export interface GeoipStatus {
  readonly file: string | null;
  /** Why nothing can be looked up; null: it can, or nobody has tried yet. */
  readonly reason: string | null;
  /** The file's own word for its kind; null: it was not read. */
  readonly databaseType: string | null;
  /** Epoch ms at which its data was made; null: not known. */
  readonly builtAtMs: number | null;
  /** Credit to show wherever one of its places is; null: none is asked for, or it was not read. */
  readonly attribution: string | null;
}

export interface Geoip {
  /** What the file says of that address. Never rejects. */
  lookup(address: string): Promise<GeoipAnswer>;
  /**
   * What `lookup` last answered, at once; null: it was not asked, or the file changed since, or it was forgotten.
   * Whoever asks only this still learns of a changed file: a look that is due is begun.
   */
  known(address: string): GeoipAnswer | null;
  status(): GeoipStatus;
  /** Lets go of the file. A later look-up opens it again. */
  close(): void;
}

const MAX_ANSWERS = 4_096;

/** Reads nothing yet. Without a file every look-up says that it is switched off. */
export function openGeoip(deps: GeoipDeps): Geoip {
  return deps.file === null ? switchedOff() : geoipOf(new MmdbFile(deps.file, deps), deps.credit);
}

function geoipOf(file: MmdbFile, credit: string | null): Geoip {
  const answers = new BoundedMap<string, GeoipAnswer>(MAX_ANSWERS);
  let answersVersion = file.version;
  const cached = (address: string): GeoipAnswer | null => {
    if (answersVersion !== file.version) {
      answersVersion = file.version;
      answers.clear();
    }
    return answers.get(address) ?? null;
  };

  return {
    async lookup(text) {
      const address = publicAddress(text);
      if (address === null) return notPublic(text);
      await file.check();
      const known = cached(address);
      if (known !== null) return known;
      const { version } = file;
      const mmdb = await file.open();
      if (mmdb === null) return none(file.reason ?? file.fault("changed while it was read"));
      const answer = answerOf(file, mmdb, address);
      if (version === file.version) answers.set(address, answer);
      return answer;
    },
    known(text) {
      const address = publicAddress(text);
      if (address === null) return notPublic(text);
      void file.check();
      return cached(address);
    },
    status: () => ({
      file: file.path,
      reason: file.reason,
      databaseType: file.kind?.databaseType ?? null,
      builtAtMs: file.kind?.builtAtMs ?? null,
      attribution: file.kind === null ? null : (creditOf(file.kind.databaseType) ?? credit),
    }),
    close: () => file.close(),
  };
}

function answerOf(file: MmdbFile, mmdb: Mmdb, address: string): GeoipAnswer {
  let record: unknown;
  try {
    record = mmdb.get(address);
  } catch {
    return none(file.fault(`is damaged where ${address} would be`));
  }
  const place = placeOfRecord(record, address);
  return place === null ? none(`the GeoIP file has no place for ${address}`) : { place, reason: null };
}

function switchedOff(): Geoip {
  const off = none(`${SETTING} is false`);
  const status = { file: null, reason: off.reason, databaseType: null, builtAtMs: null, attribution: null };
  return { lookup: async () => off, known: () => off, status: () => status, close: () => {} };
}

function notPublic(text: string): GeoipAnswer {
  return none(`${quote(text)} is no public address`);
}

function none(reason: string): GeoipAnswer {
  return { place: null, reason };
}
