// Runs work outside the authority of the client that happened to start it.
import { functionOf } from "./hostFunction.ts";

/**
 * A service that was started by a client's request keeps that client's authority, which is over once the
 * request is; the host then refuses what a timer asks (OpenClaw 2026.9.6). Where the host's scope can be
 * left, the work runs outside of it; elsewhere as it is.
 */
export function outsideCaller<T>(work: () => Promise<T>): Promise<T> {
  const scope: unknown = Reflect.get(globalThis, Symbol.for("openclaw.pluginInstanceInvocation"));
  const runFrame = functionOf(scope, "runFrame");
  if (runFrame === null) return work();
  return new Promise((resolve, reject) => {
    Reflect.apply(runFrame, scope, [undefined, () => void work().then(resolve, reject)]);
  });
}
