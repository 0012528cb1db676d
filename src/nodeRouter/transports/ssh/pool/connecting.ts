// The connections to one node: how one is made, and what its end, its silence and its misconduct mean.
import { messageOf } from "../../../../shared/errors.ts";
import { refusal, refusalLine } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import type { Failure } from "../connect/failure.ts";
import { Connection } from "../session/connection.ts";
import type { Core } from "./core.ts";
import * as events from "./poolEvents.ts";
import type { PoolConnectResult } from "./poolOptions.ts";
import { misbehaved } from "./refusals.ts";
import { endReadyOn } from "./serving.ts";
import { usable, without } from "./state.ts";
import { isRunningOn } from "./view.ts";

/** @param isProbe whether it is for presence alone: then also while commands are refused. */
export function beginConnecting(core: Core, isProbe: boolean): void {
  const { node, now } = core.options;
  const attempt = { isProbe };
  core.on(events.attemptBegun, attempt, now());
  void core.options
    .connect(core.abort.signal)
    .catch(
      (error: unknown): PoolConnectResult => ({
        ok: false,
        ...refusal("NODE_UNREACHABLE", `node ${quote(node)} could not be connected: ${messageOf(error)}`),
        transportFailure: true,
      }),
    )
    .then((result) => {
      core.set({ attempts: without(core.state.attempts, attempt) });
      if (result.ok) adopt(core, new Connection(result.client));
      else failed(core, result, isProbe);
    });
}

function failed(core: Core, failure: Failure, isProbe: boolean): void {
  const { node, now, log } = core.options;
  const message = refusalLine(failure);
  // Presence would say the same every few seconds.
  if (!isProbe || message !== core.state.logged) log.warn({ node, reason: message }, "ssh: no connection");
  core.on(events.connectFailed, failure, now());
  if (failure.transportFailure) core.retryLater();
  core.wake();
  core.giveUp(failure);
  // Where an attempt took long, the next one may be due already.
  core.carryOut({ is: "presence" });
}

function adopt(core: Core, connection: Connection): void {
  const { now, onConnect } = core.options;
  if (core.state.life === "destroyed") {
    connection.destroy();
    return;
  }
  const isFirst = usable(core.state) === 0;
  const sinceMs = now();
  core.on(events.connectionOpened, connection);
  // Before anything else is tried. What runs on it of others is not lost for that; nothing more begins there.
  connection.onHang = (fact) => isRunningOn(core.state, connection) || connection.fail(fact);
  connection.onFailure = (fact) => misconduct(core, fact, now() - sinceMs);
  void connection.closed.then((error) => ended(core, connection, error, now() - sinceMs));
  if (isFirst) onConnect?.();
  core.wake();
  core.advance();
  core.used({ isBackground: false });
}

function ended(core: Core, connection: Connection, error: string | null, lastedMs: number): void {
  const { node, now, log } = core.options;
  core.on(events.connectionEnded, connection, error, lastedMs, now());
  log.info({ node, reason: error ?? "closed" }, "ssh: connection ended");
  if (connection.failure !== null) core.giveUp(misbehaved(node, connection.failure));
  core.lacks();
  core.wake();
}

/** Commands are refused for a growing while, as after a failure to connect; presence tries less and less. */
function misconduct(core: Core, fact: string, lastedMs: number): void {
  const { node, now, log } = core.options;
  core.on(events.nodeMisbehaved, misbehaved(node, fact), lastedMs, now());
  log.warn({ node, reason: fact }, "ssh: the connection was ended for what the node did");
}

/** Nothing of it is needed. */
export function close(core: Core, connection: Connection): void {
  core.on(events.connectionLeft, connection);
  connection.destroy();
}

/** Nothing is heard of them: others are tried, while what runs on them may be heard of again. */
export function silence(core: Core, connections: readonly Connection[]): void {
  const { node, log } = core.options;
  log.warn({ node, connections: connections.length }, "ssh: nothing is heard of the node");
  for (const connection of connections) {
    core.on(events.keeperRetired, connection);
    endReadyOn(core, connection);
    connection.silence();
  }
  if (usable(core.state) === 0) core.on(events.nodeLost, "nothing is heard on its SSH connection");
  core.wake();
  core.lacks();
}
