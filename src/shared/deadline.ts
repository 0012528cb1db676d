// A promise with a deadline.

/** @throws Error with `what`, or the one that it makes, after `ms`. */
export function within<T>(promise: Promise<T>, ms: number, what: string | (() => Error)): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(typeof what === "string" ? new Error(`${what} in ${ms / 1000} s`) : what());
    }, ms);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Resolves with the work, or without it after so many ms. */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
