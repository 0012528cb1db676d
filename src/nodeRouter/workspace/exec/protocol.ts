// What the exec server and its helper process say to each other: frames of one type byte, four bytes of length
// (big endian), and that many bytes. Both ways over one socket.
import { refusal, refusalText } from "../../../shared/refusal.ts";

export const FRAME = {
  /** To the server, first: the one-shot id. */
  claim: 1,
  /** To the server: input for the command. */
  stdin: 2,
  /** To the server: end of the input. */
  stdinEnd: 3,
  /** To the server: a signal's name without `SIG`. */
  signal: 4,
  /** To the helper: the command's output. */
  stdout: 5,
  stderr: 6,
  /** To the helper, last: `HelperExit`, see `writeExit`. */
  exit: 7,
  /** To the helper: this many bytes of input were taken (four bytes, big endian). */
  taken: 8,
} as const;

/** How the helper process is to end. */
export interface HelperExit {
  /** Exit code; also for a signal that it cannot end by. */
  readonly code: number;
  /** `SIGTERM` and the like, to end by; null: by the code. */
  readonly signal: string | null;
  /** For stderr, before the end. */
  readonly text: string | null;
}

export interface Protocol {
  readonly frame: typeof FRAME;
  /**
   * Bytes of input that may be under way: the server never stops reading its socket, or else it would miss
   * signals and the helper's death behind input that the command does not read.
   */
  readonly stdinWindow: number;
  /** Exit code of a helper that has no command's end to tell. */
  readonly refusedCode: number;
  readonly notStarted: string;
  readonly unknown: string;
}

export const PROTOCOL: Protocol = {
  frame: FRAME,
  stdinWindow: 256 * 1024,
  // Not 126 or 127, which the host reads as a shell's own errors.
  refusedCode: 255,
  notStarted: refusalText(
    refusal("NOT_STARTED", "the gateway's exec server did not answer, so the command was not started"),
  ),
  unknown: refusalText(
    refusal("OUTCOME_UNKNOWN", "the gateway's exec server went away while the command ran"),
  ),
};

/** Three lines, the text last and as long as it likes: what Perl can take apart as easily as JavaScript. */
export function writeExit({ code, signal, text }: HelperExit): Buffer {
  return Buffer.from(`${code}\n${signal ?? ""}\n${text ?? ""}`);
}

/** Self-contained: its text is also part of the helper. */
export function readExit(payload: Buffer): HelperExit {
  const [code = "", signal = "", ...text] = payload.toString().split("\n");
  return { code: Number(code), signal: signal || null, text: text.join("\n") || null };
}

/** `Buffer` frame heads are written apart from their bytes, which are never copied. */
export function frameHead(type: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt8(type, 0);
  head.writeUInt32BE(length, 1);
  return head;
}

/**
 * Cuts a byte stream into frames; returns a function to feed it. `maxBytes` bounds one frame: a longer one throws.
 * Self-contained: its text is also part of the helper.
 */
export function frameReader(
  maxBytes: number,
  onFrame: (type: number, payload: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > maxBytes) throw new RangeError(`frame of ${length} bytes`);
      if (bytes.length - at < 5 + length) break;
      onFrame(bytes.readUInt8(at), bytes.subarray(at + 5, at + 5 + length));
      at += 5 + length;
    }
    rest = bytes.subarray(at);
  };
}
