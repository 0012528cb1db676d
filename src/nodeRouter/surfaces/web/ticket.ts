// A right to read the page's data for a few minutes, which goes out with the page and comes back in a header.
//
// A browser that keeps cookies from frames gives the Control UI's frame the page, and refuses all of its questions. What
// the gateway has just let this reader see, the ticket lets it see again, and nothing else. Nobody but the page knows it:
// its HTML cannot be read by another origin, it stands in no address, and no browser sends it by itself.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { definePart } from "../../../shared/processMemory.ts";

/** As long as the gateway's own cookie for a frame is worth anything (2026.9.6), ms. It is not prolonged. */
export const TICKET_MS = 5 * 60_000;

/** In lower case, as Node has it. */
export const TICKET_HEADER = "x-node-router-ticket";

/** Never leaves the process; with it all tickets end. */
export const TICKET_SECRET = definePart("page-ticket", 1, () => randomBytes(32));

export interface Tickets {
  /** For an answer to somebody whom the gateway let in just now. */
  issue(): string;
  /** @param given as the request has it. */
  isValid(given: unknown): boolean;
}

/**
 * @param now epoch ms.
 * @param auth how one signs in to the gateway now, as text: with it tickets that were given before end.
 */
export function createTickets(secret: Buffer, now: () => number, auth: () => string): Tickets {
  const sign = (issued: string): Buffer =>
    createHmac("sha256", secret).update(`${issued}\n${auth()}`).digest();
  return {
    issue() {
      const issued = now().toString(36);
      return `${issued}.${sign(issued).toString("base64url")}`;
    },
    isValid(given) {
      if (typeof given !== "string") return false;
      const [, issued, mac] = /^([0-9a-z]{1,10})\.([\w-]{43})$/.exec(given) ?? [];
      if (issued === undefined || mac === undefined) return false;
      // SECURITY: in a time that does not depend on how much of it is right.
      if (!timingSafeEqual(Buffer.from(mac, "base64url"), sign(issued))) return false;
      const age = now() - Number.parseInt(issued, 36);
      return age >= 0 && age <= TICKET_MS;
    },
  };
}
