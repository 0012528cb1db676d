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
