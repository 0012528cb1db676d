// The ledger's files by what they are: putting one aside gives every other one another name.
import { dirname } from "node:path";
import { errorCode } from "../../shared/errorCode.ts";
import type { LedgerFs, LedgerLook } from "./ledgerFs.ts";

/** One file, and the name that it had when it was looked at. */
export interface PlacedFile extends LedgerLook {
  readonly name: string;
  /** Of those that are aside, the newest is 1; 0: the current one. */
  readonly number: number;
}

/** A gateway that puts files aside again and again leaves a moment between any two. */
const TRIES = 10;

/** The current one, where there is one, and the newest aside before the older ones: as it was at one moment. */
export async function ledgerFiles(
  fs: Pick<LedgerFs, "numbered" | "look">,
  file: string,
): Promise<readonly PlacedFile[]> {
  let files = await placed(fs, file);
  for (let tries = 1; tries < TRIES; tries++) {
    const before = placesOf(files);
    files = await placed(fs, file);
    if (placesOf(files) === before) break;
  }
  return files;
}

/**
 * What is in the file, whatever it is called by now.
 * @throws Error it is gone; whatever the disk says
 */
export async function* readPlaced(
  fs: Pick<LedgerFs, "numbered" | "look" | "read">,
  file: string,
  { name, number, identity }: PlacedFile,
): AsyncGenerator<Buffer> {
  for (let tries = 1, at: string | undefined = name; ; tries++) {
    try {
      return yield* fs.read(at, identity);
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || tries >= TRIES) throw error;
      // Numbers only grow: a younger file with its identity is one that the disk gave it to after it was gone.
      const files = await ledgerFiles(fs, file);
      at = files.find((one) => one.identity === identity && one.number >= number)?.name;
      if (at === undefined) throw error;
    }
  }
}

async function placed(fs: Pick<LedgerFs, "numbered" | "look">, file: string): Promise<readonly PlacedFile[]> {
  const numbers = await fs.numbered(dirname(file), file);
  const files: PlacedFile[] = [];
  for (const number of [0, ...numbers]) {
    const name = number === 0 ? file : `${file}.${number}`;
    const look = await fs.look(name);
    if (look !== null) files.push({ name, number, ...look });
  }
  return files;
}

function placesOf(files: readonly PlacedFile[]): string {
  return files.map(({ name, identity }) => `${name} ${identity}`).join("\n");
}
