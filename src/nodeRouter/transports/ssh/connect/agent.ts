// ssh-agent: which keys it holds, and a view of it that offers exactly one of them.
import ssh2, { type BaseAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from "ssh2";

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
