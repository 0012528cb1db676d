// Which peer a request is from, by its token, and whether it asks too often.
import { createHash, timingSafeEqual } from "node:crypto";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { BoundedMap } from "../../../shared/bounded.ts";
import { SECRET_PREFIX } from "../invite/inviteBook.ts";

export type Entry =
  | { readonly peer: string }
  /** Secret of an invitation, whatever became of it. */
  | { readonly invite: string }
  /** HTTP's 401, 403 or 429. */
  | { readonly status: 401 | 403 | 429; readonly retryAfterMs: number | null };

export interface PeerDoor {
  /** @param authorization of the request; @param address where it comes from */
  enter(authorization: string | undefined, address: string): Promise<Entry>;
  /** One more request, a task or any other, if it may. @returns ms after which it may again; null: it may */
  count(peer: string, isTask: boolean): number | null;
}

export interface DoorNeeds {
  readonly config: () => ResolvedConfig;
  /** Whether the tailnet says that this machine has the address; nobody can tell: false. */
  readonly isMachineAt: (machine: string, address: string) => Promise<boolean>;
  /** Whether an invitation has the secret. */
  readonly isInvite?: (secret: string) => Promise<boolean>;
  /** Epoch ms. */
  readonly now: () => number;
}

const MINUTE_MS = 60_000;
/** Wrong tokens of one address in a minute. */
const MAX_WRONG = 10;
/** Requests of one peer in a minute that give no task: polls, mostly. */
const MAX_REQUESTS = 1_200;
const MAX_ADDRESSES = 1_000;

export function createPeerDoor({ config, isMachineAt, isInvite, now }: DoorNeeds): PeerDoor {
  const wrong = createWindow(now);
  const tasks = createWindow(now);
  const requests = createWindow(now);
  return {
    async enter(authorization, address) {
      const token = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(authorization ?? "")?.[1] ?? "";
      const given = digest(token);
      let found: { readonly peer: string; readonly machine: string | null } | null = null;
      // SECURITY: every token is compared, in the same time; who has the right one is not kept out by who has not.
      for (const [peer, { accept }] of config().peers) {
        if (accept === null || typeof accept.token !== "string" || accept.token === "") continue;
        if (timingSafeEqual(digest(accept.token), given) && found === null)
          found = { peer, machine: accept.tailscale };
      }
      if (found === null && token.startsWith(SECRET_PREFIX) && (await isInvite?.(token)) === true)
        return { invite: token };
      if (found === null) {
        const retryAfterMs = wrong.add(address, MAX_WRONG);
        return retryAfterMs === null ? { status: 401, retryAfterMs: null } : { status: 429, retryAfterMs };
      }
      if (found.machine !== null && !(await isMachineAt(found.machine, address)))
        return { status: 403, retryAfterMs: null };
      return { peer: found.peer };
    },
    count(peer, isTask) {
      const perMinute = config().peers.get(peer)?.accept?.perMinute ?? 0;
      return isTask ? tasks.add(peer, perMinute) : requests.add(peer, MAX_REQUESTS);
    },
  };
}

/** Counts by key, anew each minute after the first of it. */
function createWindow(now: () => number) {
  const windows = new BoundedMap<string, { readonly fromMs: number; count: number }>(MAX_ADDRESSES);
  return {
    /** @returns null: it is one of the allowed; else ms until it may be */
    add(key: string, most: number): number | null {
      const at = now();
      let window = windows.get(key);
      if (window === undefined || at - window.fromMs >= MINUTE_MS || at < window.fromMs) {
        window = { fromMs: at, count: 0 };
        windows.set(key, window);
      }
      if (window.count >= most) return window.fromMs + MINUTE_MS - at;
      window.count += 1;
      return null;
    },
  };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
