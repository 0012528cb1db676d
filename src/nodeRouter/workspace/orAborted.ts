// A wait that ends with the call that waits.
import { NodeRouterError } from "../../shared/errors.ts";
import { refusal } from "../../shared/refusal.ts";

/**
 * What is waited for goes on; it may be somebody else's, too.
 * @throws NodeRouterError NOT_STARTED when the call was given up before. Nothing of it was sent: that comes after.
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const fact = "the call was given up before anything was sent";
  const onAbort = (): void => reject(new NodeRouterError(refusal("NOT_STARTED", fact)));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  promise.catch(() => {});
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
