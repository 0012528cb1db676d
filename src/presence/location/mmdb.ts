// Opens the bytes of an MMDB file with the reader of `mmdb-lib`, and refuses what that would read wrongly.
import { Reader, type Response } from "mmdb-lib";
import { BoundedMap } from "../../shared/bounded.ts";

/** An open file: what it says of itself, and of addresses. */
export interface Mmdb {
  /** `database_type` of its metadata. */
  readonly databaseType: string;
  /** Epoch ms; null: it does not say. */
  readonly builtAtMs: number | null;
  /** The record of a public address; null: it has none. Throws where the file is damaged. */
  get(address: string): unknown;
}

/** The metadata begins with this, at most so far from the end (MaxMind DB file format 2.0). */
const METADATA_MARKER = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
const METADATA_MAX_BYTES = 128 * 1024;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** Parts of records that many share, such as countries. */
const SHARED_PARTS = 2_000;

/**
 * @throws Error with a sentence on what is wrong with the bytes; the reader's own words on damage are not for people.
 */
export function readMmdb(bytes: Buffer): Mmdb {
  if (bytes.subarray(0, 2).equals(GZIP_MAGIC)) throw new Error("it is compressed with gzip: unpack it first");
  // Looked for here, since the reader takes any bytes before it for metadata when there is none.
  if (!bytes.subarray(-METADATA_MAX_BYTES).includes(METADATA_MARKER)) {
    throw new Error("it is no MMDB file, or its end is missing");
  }
  const reader = openReader(bytes);
  const { databaseType, buildEpoch, ipVersion, searchTreeSize } = reader.metadata;
  // The reader checks no types of what it found.
  const version: unknown = ipVersion;
  const type: unknown = databaseType;
  if (typeof type !== "string" || (version !== 4 && version !== 6) || !(searchTreeSize < bytes.length)) {
    throw new Error("its metadata is damaged");
  }
  const builtAtMs = buildEpoch.getTime();
  return {
    databaseType: type,
    builtAtMs: Number.isFinite(builtAtMs) ? builtAtMs : null,
    // The reader walks an IPv6 address through an IPv4 tree as if its first bits were one.
    get: (address) => (version === 4 && address.includes(":") ? null : reader.get(address)),
  };
}

function openReader(bytes: Buffer): Reader<Response> {
  try {
    return new Reader<Response>(bytes, { cache: new BoundedMap(SHARED_PARTS) });
  } catch (cause) {
    throw new Error("its metadata is damaged", { cause });
  }
}
