// Puts input in order that came in pieces, some too early and some twice. Pure.

/** Bytes that are kept because what stands before them has not come. */
export const MAX_EARLY_BYTES = 8 << 20;
/** What a piece counts for at least, so that their number is bounded too. */
const PIECE_BYTES = 4_096;

/** What can be written now, in order. */
export interface ReadyInput {
  readonly data: readonly Buffer[];
  /** Whether the input ends behind it. */
  readonly ends: boolean;
}

/** Where the input stands: each byte of it is handed out once. */
export class InputOrder {
  /** Offset behind the last byte that was handed out. */
  #at = 0;
  #endsAt: number | null = null;
  #ended = false;
  readonly #early = new Map<number, Buffer>();
  #earlyBytes = 0;

  /**
   * Takes a piece. Null: it is too early for the room that there is, and nothing of it was taken. What differs from
   * what came before at the same offset is dropped: the first word counts.
   */
  take(offset: number, data: Buffer, eof: boolean): ReadyInput | null {
    const known = this.#early.get(offset);
    const isEarly = offset > this.#at && data.length > (known?.length ?? 0);
    const more = weight(data) - (known === undefined ? 0 : weight(known));
    if (isEarly && this.#earlyBytes + more > MAX_EARLY_BYTES) return null;
    if (eof) this.#endsAt ??= offset + data.length;
    if (isEarly) {
      this.#early.set(offset, data);
      this.#earlyBytes += more;
    }
    const ready: Buffer[] = [];
    if (offset <= this.#at) this.#hand(offset, data, ready);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [from, piece] = next;
      this.#early.delete(from);
      this.#earlyBytes -= weight(piece);
      this.#hand(from, piece, ready);
    }
    const ends = !this.#ended && this.#endsAt !== null && this.#at >= this.#endsAt;
    this.#ended ||= ends;
    return { data: ready, ends };
  }

  #next(): readonly [number, Buffer] | undefined {
    for (const entry of this.#early) if (entry[0] <= this.#at) return entry;
    return undefined;
  }

  #hand(offset: number, data: Buffer, ready: Buffer[]): void {
    const until = this.#endsAt ?? Number.POSITIVE_INFINITY;
    const part = data.subarray(this.#at - offset, Math.max(0, until - offset));
    if (part.length === 0) return;
    ready.push(part);
    this.#at += part.length;
  }
}

function weight(piece: Buffer): number {
  return Math.max(piece.length, PIECE_BYTES);
}
