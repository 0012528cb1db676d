// Asks a service of the operator's from which address it sees this machine. Nothing else of its answer leaves here.
import { Agent, get } from "node:https";
import { publicAddress } from "../../../../presence/location/publicAddress.ts";

/** No address is longer, with its line break. */
const MAX_ANSWER = 64;

/**
 * Neither a proxy nor a redirect is followed: they would name another machine.
 * @param url https.
 * @param waitMs how long the service has.
 * @returns null: it did not answer in time, or with no public address. Never rejects.
 */
export function ownAddress(url: string, waitMs: number, ask: typeof get = get): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const agent = new Agent();
  const request = ask(url, { agent, signal: AbortSignal.timeout(waitMs) }, (answer) => {
    let text = "";
    answer.setEncoding("latin1");
    answer.on("data", (part: string) => {
      text += part;
      if (text.length > MAX_ANSWER) request.destroy();
    });
    answer.on("end", () => resolve(answer.statusCode === 200 ? publicAddress(text.trim()) : null));
    answer.on("error", () => resolve(null));
    answer.on("close", () => resolve(null));
  });
  request.on("error", () => resolve(null));
  return promise.finally(() => agent.destroy());
}
