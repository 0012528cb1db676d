// The chain of the records: each line says which one stood before it, so that none can be changed, removed or moved unseen. Pure.
import { createHash } from "node:crypto";

/** A line's place in the chain. */
export interface Link {
  /** Counts the records from 1. */
  readonly n: number;
  /** Of this line: SHA-256, base64url. */
  readonly hash: string;
}

/** What a sealed line says of its place. */
export interface Seal extends Link {
  /** Who wrote it: one life of a gateway. */
  readonly writer: string;
  /** Hash of the record before. */
  readonly before: string;
  /** The writer's own newest record, where another gateway's is the one before; null: that is its own, or it has none. */
  readonly also: string | null;
}

/** Before the first record: 256 bits of zero. */
export const NO_LINK: Link = { n: 0, hash: "A".repeat(43) };

/** Bytes that a seal adds to a line. */
export const SEAL_BYTES = 200;

const SEALED =
  /,"n":(\d{1,15}),"writer":"([\w-]{1,32})","before":"([\w-]{43})"(?:,"also":"([\w-]{43})")?,"hash":"([\w-]{43})"\}$/;

/** @param line of JSON with its line feed. */
export function sealed(
  line: string,
  { n, hash }: Link,
  writer: string,
  also: string | null = null,
): { readonly line: string } & Link {
  const beside = also === null ? "" : `,"also":"${also}"`;
  const open = `${line.slice(0, -2)},"n":${n + 1},"writer":"${writer}","before":"${hash}"${beside}`;
  const own = hashOf(open);
  return { line: `${open},"hash":"${own}"}\n`, n: n + 1, hash: own };
}

/** @param line without its line feed. Null: it has no seal. `whole`: its hash is that of its text. */
export function sealOf(line: string): (Seal & { readonly whole: boolean }) | null {
  const [tail, n, writer = "", before = "", also = null, hash = ""] = SEALED.exec(line) ?? [];
  if (tail === undefined) return null;
  const open = line.slice(0, -`,"hash":"${hash}"}`.length);
  return { n: Number(n), writer, before, also, hash, whole: hashOf(open) === hash };
}

/** The newest whole record in the last bytes of a file; null: there is none. */
export function lastLink(tail: string): Link | null {
  for (let end = tail.length; end > 0; ) {
    const from = tail.lastIndexOf("\n", end - 1) + 1;
    const seal = sealOf(tail.slice(from, end));
    if (seal?.whole === true) return { n: seal.n, hash: seal.hash };
    end = from - 1;
  }
  return null;
}

/** The first sealed line of a text; null: there is none. */
export function firstSeal(text: string): Seal | null {
  for (const line of text.split("\n")) {
    const seal = sealOf(line);
    if (seal !== null) return seal;
  }
  return null;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
