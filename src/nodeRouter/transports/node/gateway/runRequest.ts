// A command as the wire has it. Pure.
import type { CommandRequest } from "../../transport.ts";
import { MAX_REPLY_BYTES, MAX_WAIT_MS, type RunRequest } from "../wire.ts";
import type { InputPiece } from "./inputFeed.ts";

/** A command whose input goes on is answered soon, so that the next piece can follow. */
const FIRST_WAIT_MS = 250;

/** @param first what its input begins with. */
export function runRequest(
  key: string,
  boot: string,
  { data, eof }: InputPiece,
  request: CommandRequest,
): RunRequest {
  const { script, args = [], env = {}, cwd = null, makeCwd = false, pathPrepend = [] } = request;
  return {
    op: "run",
    key,
    boot,
    script,
    args,
    env,
    cwd,
    makeCwd,
    pathPrepend,
    pty: request.pty ?? null,
    input: data.toString("base64"),
    eof,
    waitMs: eof ? MAX_WAIT_MS : FIRST_WAIT_MS,
    max: MAX_REPLY_BYTES,
    approved: request.approved === true,
  };
}
