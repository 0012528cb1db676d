// Puts the inbox together for the real host: its folder, its owner, its ledger, and the route that peers ask.
import { homedir } from "node:os";
import { join } from "node:path";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { messageOf } from "../../../shared/errors.ts";
import { listedAgentIds } from "../../host/hostConfig.ts";
import { openSubagents, type SubagentRuntime } from "../../host/subagents.ts";
import { LEDGER } from "../../ledger/ledger.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { DELEGATED_RUNS } from "../../state/delegatedRuns.ts";
import { acceptJoin } from "../invite/acceptJoin.ts";
import { inviteBook } from "../invite/inviteBook.ts";
import { GATEWAY_LIFE, type Ownership, takeOwnership } from "../journal/folderOwner.ts";
import { delegationsFolder, gatewayIdIn } from "../journal/gatewayId.ts";
import { openRecords } from "../journal/recordFolder.ts";
import { openUpTimes, type UpTimes } from "../journal/upTimes.ts";
import { readInbound } from "../model/incoming.ts";
import { answerPeer } from "./answerPeer.ts";
import { createInbox } from "./createInbox.ts";
import { INBOX, type PeerInbox } from "./inbox.ts";
import { inboxLedger } from "./inboxLedger.ts";
import { createPeerDoor } from "./peerDoor.ts";
import { createPeerRoute } from "./peerRoute.ts";
import { PEER_ROUTE } from "./routeSlot.ts";
import { tailnetAddresses } from "./tailnetAddress.ts";

export interface OpenInboxNeeds {
  readonly deps: Pick<RouterDeps, "memory" | "log" | "now" | "hostConfig" | "home">;
  /** `api.runtime`. */
  readonly runtime: SubagentRuntime;
  /** The host's. */
  readonly stateFolder: string;
  readonly pluginVersion: string;
}

/** After a disk that could not be read, or while another gateway has the folder. */
const RETRY_MS = 10_000;

export interface OpenInbox {
  /** Resolves when nothing is being written; runs go on in the host. */
  close(): Promise<void>;
}

/** Tries until it is open or closed; meanwhile peers are told that the gateway is not ready. */
export function openInbox(needs: OpenInboxNeeds): OpenInbox {
  const { memory, now } = needs.deps;
  const log = needs.deps.log.child({ part: "delegation" });
  const slot = memory.part(INBOX);
  const route = memory.part(PEER_ROUTE);
  let isOver = false;
  let retry: NodeJS.Timeout | null = null;
  let told = "";
  let current: { readonly inbox: PeerInbox; readonly owner: Ownership; readonly up: UpTimes } | null = null;

  const config = (): ResolvedConfig => memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const agents = () => listedAgentIds(needs.deps.hostConfig());

  const open = async (): Promise<void> => {
    // An earlier registration may still write: what it has not written yet is not read.
    await slot.current?.close();
    const folder = delegationsFolder(needs.stateFolder);
    const owner = await takeOwnership({
      folder,
      life: memory.part(GATEWAY_LIFE),
      now,
      onLost() {
        log.error({ folder }, "another gateway has taken this gateway's tasks of peers: this one takes none");
        // What that one takes is not known here: nobody is told that there is no such task.
        if (slot.current === current?.inbox) route.current = null;
        void shut().finally(again);
      },
    });
    if ("heldBy" in owner) throw new Error(`${owner.heldBy} looks after the tasks of this state folder`);
    const gateway = await gatewayIdIn(folder);
    const { keepMs } = config().delegation;
    const inFolder = join(folder, "in");
    const records = await openRecords({ folder: inFolder, read: readInbound, keepMs, now });
    if (records.unreadable.length > 0)
      log.error(
        { folder, records: records.unreadable.slice(0, 10) },
        "records of peers' tasks cannot be read",
      );
    const up = await openUpTimes({ folder: inFolder, keepMs, now });
    if (isOver) {
      await up.close();
      return owner.release();
    }
    const inbox = createInbox({
      config,
      agents,
      subagents: openSubagents(needs.runtime),
      runs: memory.part(DELEGATED_RUNS),
      records,
      ledger: inboxLedger(() => memory.part(LEDGER).current),
      life: memory.part(GATEWAY_LIFE),
      gateway,
      now,
      log,
    });
    const { pluginVersion } = needs;
    const book = inviteBook(needs.stateFolder, now);
    const joining = { book, home: needs.deps.home ?? homedir(), config, gateway };
    const { blanks } = up;
    const answering = { inbox, config, agents, gateway, pluginVersion, blanks, now };
    inbox.recover();
    current = { inbox, owner, up };
    slot.current = inbox;
    route.current = createPeerRoute({
      door: createPeerDoor({
        config,
        isMachineAt: tailnetAddresses(now),
        isInvite: async (secret) => (await book.find(secret)) !== null,
        now,
      }),
      join: (secret, params) => acceptJoin(joining, secret, params),
      answer: (peer, request, url) => answerPeer(answering, peer, request, url),
      maxTaskBytes: () => config().delegation.maxTaskBytes,
      log,
    });
    told = "";
  };

  const shut = async (): Promise<void> => {
    current?.owner.release();
    await Promise.all([current?.up.close(), current?.inbox.close()]);
  };

  const again = (): void => {
    if (!isOver) retry = setTimeout(start, RETRY_MS).unref();
  };

  function start(): void {
    if (isOver) return;
    open().catch((error: unknown) => {
      const reason = messageOf(error);
      if (reason !== told) log.error({ reason }, "no task of a peer is taken yet");
      told = reason;
      again();
    });
  }

  start();
  return {
    close() {
      isOver = true;
      if (retry !== null) clearTimeout(retry);
      return shut();
    },
  };
}
