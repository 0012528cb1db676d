// The code that connects, which loads with the first connection: from whichever copy of the plugin is still there.
import { loadLater } from "../../../shared/loadLater.ts";
import { definePart, type Memory } from "../../../shared/processMemory.ts";

type ClientModule = typeof import("./client.ts");

/** What the transport uses of it. */
export type ClientCode = Pick<ClientModule, "connect" | "processEnv" | "resolveTarget">;

interface ClientSource {
  /** Newest first. */
  readonly offers: (() => Promise<ClientCode>)[];
  loaded: ClientCode | null;
}

/** The version goes up when what these functions take or give changes. */
const SSH_CLIENT = definePart<ClientSource>("ssh-client", 1, () => ({ offers: [], loaded: null }));

/** Registrations come with every agent run: only of the last few can one be alive. */
const MAX_OFFERS = 8;

/**
 * Each registration offers its own copy, for the transport outlives them: OpenClaw deletes the files of the one that
 * made it, perhaps before the first connection.
 */
export function offerClient(
  memory: Memory,
  load: () => Promise<ClientCode> = () => loadLater(() => import("./client.ts")),
): void {
  const { offers } = memory.part(SSH_CLIENT);
  offers.unshift(load);
  offers.length = Math.min(offers.length, MAX_OFFERS);
}

/** Once loaded it stays. @throws NodeRouterError PACKAGE_REPLACED when no copy is there any more. */
export async function clientCode(memory: Memory): Promise<ClientCode> {
  const source = memory.part(SSH_CLIENT);
  const faults: unknown[] = [];
  for (const load of source.offers) {
    if (source.loaded !== null) return source.loaded;
    const code = await load().catch((error: unknown) => {
      faults.push(error);
      return null;
    });
    source.loaded ??= code;
  }
  if (source.loaded === null) throw faults[0] ?? new Error("no copy of the SSH client was offered");
  return source.loaded;
}
