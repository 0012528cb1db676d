// The input of one command, in order: each piece is recorded before it is sent, and a refused piece is never sent.
import type { Writable } from "node:stream";
import { agentError, messageOf } from "../../../shared/errors.ts";

/** Told that these bytes are about to be sent; rejects when they may not be. */
export type InputWatch = (bytes: Buffer) => Promise<InputRecord>;

/** Told once whether the bytes were handed to the command. */
export type InputRecord = (sent: boolean) => void;

export interface InputQueue {
  /** @param taken told when the helper may send as much again, sent or not. */
  write(bytes: Buffer, taken: () => void): void;
  end(): void;
}

/**
 * @param watch null: nobody is told, and bytes go at once.
 * @param onSent bytes that the command was given.
 * @param onRefused told why, for whoever reads the command's output.
 */
export function createInputQueue(
  stdin: Writable,
  watch: InputWatch | null,
  onSent: (bytes: number) => void,
  onRefused: (message: string) => void,
): InputQueue {
  let before: Promise<void> = Promise.resolve();
  let isRefused = false;

  const hand = (bytes: Buffer, taken: () => void, record: InputRecord): void => {
    // A command that closed its input takes no more, and nobody needs to wait for it.
    if (!stdin.writable) {
      record(false);
      taken();
      return;
    }
    onSent(bytes.length);
    stdin.write(bytes, (error) => {
      record(error === null || error === undefined);
      taken();
    });
  };
  const watched = async (bytes: Buffer, taken: () => void, tell: InputWatch): Promise<void> => {
    if (isRefused) return taken();
    let record: InputRecord;
    try {
      record = await tell(bytes);
    } catch (error) {
      // SECURITY: nor what comes later, nor its end: half a line may be another command, and an end would run it.
      isRefused = true;
      onRefused(messageOf(agentError(error)));
      return taken();
    }
    hand(bytes, taken, record);
  };

  return {
    write(bytes, taken) {
      if (watch === null) hand(bytes, taken, () => {});
      else before = before.then(() => watched(bytes, taken, watch));
    },
    end() {
      const end = () => {
        if (!isRefused) stdin.end();
      };
      if (watch === null) end();
      else before = before.then(end);
    },
  };
}
