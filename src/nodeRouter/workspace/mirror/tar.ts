// Files as a tar stream: the one format that Linux, macOS and busybox unpack from stdin. Pure.
// Format: POSIX.1-1988 ustar, plain files only, under short names of our own, so that no extension is needed.

const BLOCK_BYTES = 512;
/** What tar reads at a time: some print a warning for a stream that is no multiple of it. */
const RECORD_BYTES = 10_240;

export interface TarEntry {
  /** At most 100 ASCII characters. */
  readonly name: string;
  readonly isProgram: boolean;
  readonly data: Buffer;
}

/**
 * A ustar archive of regular files, with no time and the owner 0, which only root's tar would keep.
 * @param entries `name` relative, ASCII, at most 100 bytes.
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, isProgram, data }) => [
    header(name, isProgram, data.length),
    data,
    Buffer.alloc(-data.length & (BLOCK_BYTES - 1)),
  ]);
  const length = blocks.reduce((sum, { length }) => sum + length, 0) + 2 * BLOCK_BYTES;
  const padding = (RECORD_BYTES - (length % RECORD_BYTES)) % RECORD_BYTES;
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES + padding)]);
}

function header(name: string, isProgram: boolean, size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 100, "ascii");
  block.write(isProgram ? "0000755" : "0000644", 100);
  block.write("0000000", 108);
  block.write("0000000", 116);
  block.write(size.toString(8).padStart(11, "0"), 124);
  block.write("00000000000", 136);
  // The checksum is made with spaces in its own place.
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\0", 257);
  block.write("00", 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
