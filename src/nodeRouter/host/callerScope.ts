// Runs work outside the authority of the client that happened to start it.

interface InvocationScope {
  runFrame(frame: undefined, work: () => unknown): unknown;
}

/**
 * A service that was started by a client's request keeps that client's authority, which is over once the
 * request is; the host then refuses what a timer asks (OpenClaw 2026.9.6). Where the host's scope can be
 * left, the work runs outside of it; elsewhere as it is.
 */
export function outsideCaller<T>(work: () => Promise<T>): Promise<T> {
  const scope: unknown = Reflect.get(globalThis, Symbol.for("openclaw.pluginInstanceInvocation"));
  if (!isScope(scope)) return work();
  return new Promise((resolve, reject) => {
    scope.runFrame(undefined, () => void work().then(resolve, reject));
  });
}

function isScope(value: unknown): value is InvocationScope {
  return (
    typeof value === "object" && value !== null && "runFrame" in value && typeof value.runFrame === "function"
  );
}
