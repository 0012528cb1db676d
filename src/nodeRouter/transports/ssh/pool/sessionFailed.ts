// A session that could not be had: whether another connection may do, and who is told.
import { messageOf } from "../../../../shared/errors.ts";
import { type Connection, SessionRefused } from "../session/connection.ts";
import type { Core } from "./core.ts";
import { noSession } from "./refusals.ts";

/** The server has no room for one more session here, or the connection is gone: another one may do. */
export function isOnlyFull(on: Connection, error: unknown): boolean {
  return error instanceof SessionRefused && (on.limit > 0 || on.isClosed);
}

/**
 * A full connection only means another one. After any other failure nothing is opened until a command ends
 * or is asked for: a login shell that always fails would fail for ever.
 */
export function sessionFailed(core: Core, on: Connection, error: unknown, isKeeper: boolean): void {
  if (on.isSilent || isOnlyFull(on, error)) {
    core.advance();
    return;
  }
  // The end of the connection is told where it is noticed.
  if (on.isClosed) return;
  const { node, log } = core.options;
  const refusal = noSession(node, error);
  log.warn({ node, reason: messageOf(error) }, "ssh: no session");
  core.set({ keepsWarm: false, lastFailure: refusal });
  if (on.limit === 0) on.destroy();
  core.giveUp(refusal, isKeeper);
}
