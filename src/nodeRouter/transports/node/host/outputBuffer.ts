// What one stream of a command has printed and nobody has read yet, by offsets. Pure.

/** Bytes from `base` on; what stands before it was read and is forgotten. */
export class OutputBuffer {
  #chunks: Buffer[] = [];
  /** Offset of the first byte that is kept. */
  base = 0;
  /** Offset behind the last byte that came. */
  end = 0;

  /** Bytes that are kept. */
  get unread(): number {
    return this.end - this.base;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.end += chunk.length;
  }

  /** What stands before `offset` was read. An offset that was passed long ago changes nothing. */
  acknowledge(offset: number): void {
    const until = Math.min(offset, this.end);
    let [first] = this.#chunks;
    while (first !== undefined && this.base + first.length <= until) {
      this.base += first.length;
      this.#chunks.shift();
      [first] = this.#chunks;
    }
    if (first === undefined || until <= this.base) return;
    // A copy: a slice would keep all of a large chunk.
    this.#chunks[0] = Buffer.from(first.subarray(until - this.base));
    this.base = until;
  }

  /** At most `max` bytes from `offset` on; none where that was read, or did not come yet. */
  read(offset: number, max: number): Buffer {
    if (offset < this.base || offset >= this.end || max <= 0) return Buffer.alloc(0);
    const parts: Buffer[] = [];
    let [at, left] = [this.base, max];
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(Math.max(0, offset - at)).subarray(0, left);
      if (part.length > 0) parts.push(part);
      left -= part.length;
      at += chunk.length;
      if (left === 0) break;
    }
    return Buffer.concat(parts);
  }
}
