// Splits a stream of JSON documents while it arrives: a big object's entries one by one, the rest whole. A status of
// 5,000 peers is 6 MB; parsed at once it would hold the event loop for tens of milliseconds.

export interface SplitterOptions {
  /** Keys from the top to the object whose entries are given out one by one, e.g. `["Peer"]`. */
  readonly entries: readonly string[];
  /** Keys at the top whose objects nobody reads: they come as `{}`. */
  readonly omit?: readonly string[];
  /** JSON of one entry that is an object; others are left out. */
  readonly onEntry: (text: string) => void;
  /** JSON of a whole document, with `{}` for what was given out or left out; after its entries. */
  readonly onDocument: (text: string) => void;
  /** Of one document. */
  readonly maxBytes: number;
}

export interface Splitter {
  /** @throws Error when it is no JSON object, or too long; whatever the callbacks throw. */
  push(chunk: Buffer): void;
  /** @throws Error when a document is not complete. */
  end(): void;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const WHITESPACE: readonly number[] = [0x09, 0x0a, 0x0d, 0x20];

/**
 * Works on bytes: none of the bytes above occurs inside a character of UTF-8 that is longer than one. It only counts
 * brackets and strings; that the parts are JSON is found out by who parses them.
 */
export function createSplitter(options: SplitterOptions): Splitter {
  const { entries, omit = [], onEntry, onDocument, maxBytes } = options;
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** How many of `entries` lead to the object that we are in. */
  let matched = 0;
  /** Depth of the object that is given out or left out; 0: in none. */
  let hidden = 0;
  let givesOut = false;
  /** Bytes of the string that may be a key on the way; null: of no interest. */
  let keyParts: Buffer[] | null = null;
  let key = "";
  let documentBytes = 0;
  let document: Buffer[] = [];
  let entry: Buffer[] = [];
  /** Where the bytes from `from` on belong; null: nowhere. */
  let target: Buffer[] | null = null;

  /** Index of the quote that ends the string, from `index` on; the chunk's length when it goes on after it. */
  const endOfString = (chunk: Buffer, start: number): number => {
    let index = start;
    if (escaped && index < chunk.length) {
      escaped = false;
      index++;
    }
    for (; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === QUOTE) return index;
      if (byte === BACKSLASH) index++;
    }
    // The loop went one too far when the last byte was a backslash.
    escaped = index > chunk.length;
    return chunk.length;
  };

  const push = (chunk: Buffer): void => {
    documentBytes += chunk.length;
    let from = 0;
    let keyFrom = 0;

    /** Ends the run of bytes before `index`, and says where the next one belongs. */
    const turn = (index: number, next: Buffer[] | null): void => {
      if (target !== null && index > from) target.push(chunk.subarray(from, index));
      from = index;
      target = next;
    };

    const open = (index: number, isObject: boolean): void => {
      if (depth === 0) {
        if (!isObject) throw new Error("the answer is not in a form that can be read");
        turn(index, document);
      }
      const onTheWay = isObject && hidden === 0 && depth === matched + 1;
      depth++;
      if (onTheWay && key === entries[matched]) {
        matched++;
        if (matched === entries.length) hide(index, true);
      } else if (onTheWay && depth === 2 && omit.includes(key)) {
        hide(index, false);
      } else if (isObject && givesOut && depth === hidden + 1) {
        turn(index, entry);
      }
      key = "";
    };

    const hide = (index: number, gives: boolean): void => {
      hidden = depth;
      givesOut = gives;
      turn(index + 1, null);
    };

    const close = (index: number): void => {
      if (depth === 0) throw new Error("the answer is not in a form that can be read");
      depth--;
      if (target === entry && depth === hidden) {
        turn(index + 1, null);
        const text = Buffer.concat(entry).toString("utf8");
        entry = [];
        onEntry(text);
      } else if (hidden > 0 && depth === hidden - 1) {
        hidden = 0;
        givesOut = false;
        turn(index, document);
      }
      matched = Math.min(matched, Math.max(0, depth - 1));
      if (depth > 0) return;
      turn(index + 1, null);
      const text = Buffer.concat(document).toString("utf8");
      document = [];
      documentBytes = chunk.length - index - 1;
      onDocument(text);
    };

    let index = 0;
    while (index < chunk.length) {
      if (inString) {
        const end = endOfString(chunk, index);
        if (end === chunk.length) break;
        inString = false;
        if (keyParts !== null) {
          keyParts.push(chunk.subarray(keyFrom, end));
          key = Buffer.concat(keyParts).toString("utf8");
          keyParts = null;
        }
        index = end + 1;
        continue;
      }
      const byte = chunk[index];
      if (byte === QUOTE && depth > 0) {
        inString = true;
        if (hidden === 0 && depth === matched + 1) {
          keyParts = [];
          keyFrom = index + 1;
        }
      } else if (byte === OPEN || byte === OPEN_ARRAY) open(index, byte === OPEN);
      else if (byte === CLOSE || byte === CLOSE_ARRAY) close(index);
      else if (byte === COMMA) key = "";
      else if (depth === 0 && byte !== undefined && !WHITESPACE.includes(byte)) {
        throw new Error("the answer is not in a form that can be read");
      }
      index++;
    }
    if (keyParts !== null) keyParts.push(chunk.subarray(keyFrom));
    turn(chunk.length, target);
    if (documentBytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
  };

  return {
    push,
    end() {
      if (depth > 0) throw new Error("the answer ends in its middle");
    },
  };
}
