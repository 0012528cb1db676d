// ssh-agent: which keys it holds, and a view of it that offers exactly one of them.

import { connect } from "node:net";
import ssh2, { type BaseAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from "ssh2";
import { errorCode } from "../../../../../shared/errorCode.ts";

/** An agent that does not answer must not keep a connection waiting. */
const LIST_TIMEOUT_MS = 2_000;

/**
 * The keys of an agent that ssh2 can use; it leaves out others, such as those of security keys.
 * @throws Error when it cannot be reached or does not answer in time.
 */
export async function listAgentKeys(
  agent: BaseAgent,
  timeoutMs = LIST_TIMEOUT_MS,
): Promise<readonly ParsedKey[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ParsedKey[]>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  agent.getIdentities((error, keys) => {
    if (error) reject(error);
    else resolve((keys ?? []).filter((key) => typeof key === "object" && "getPublicSSH" in key));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Why an agent's socket takes no connection, which ssh2 does not tell; null: it takes one. */
export function whyNoAgent(path: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect(path);
  socket.setTimeout(LIST_TIMEOUT_MS, () => resolve(null));
  socket.once("connect", () => resolve(null));
  socket.once("error", (error) => {
    const code = errorCode(error) ?? "";
    resolve(NO_AGENT.get(code) ?? `takes no connection (${code || error.message})`);
  });
  return promise.finally(() => socket.destroy());
}

const NO_AGENT = new Map([
  ["ENOENT", "is not there: it has ended, or SSH_AUTH_SOCK of the gateway is out of date"],
  ["ECONNREFUSED", "does not run any more: start one, or let SSH_AUTH_SOCK of the gateway name it"],
  ["ENOTSOCK", "is no socket of an agent"],
  ["EACCES", "may not be used by the gateway's user"],
]);

/** The agent with one key: ssh2 would otherwise offer all of them, in one attempt that cannot be counted. */
export function oneKeyOf(agent: BaseAgent, key: ParsedKey): BaseAgent {
  class OneKey extends ssh2.BaseAgent {
    override getIdentities(done: (error: undefined, keys: ParsedKey[]) => void): void {
      done(undefined, [key]);
    }
    override sign(
      publicKey: ParsedKey | Buffer | string,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      done?: SignCallback,
    ): void {
      if (typeof options === "function") agent.sign(publicKey, data, options);
      else if (done !== undefined) agent.sign(publicKey, data, options, done);
    }
  }
  return new OneKey();
}
