// The exec server: hands commands that wait in the gateway to the helper processes that the host spawns.
import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import type { Outcome, RunningCommand } from "../../transports/transport.ts";
import { helperSource } from "./helper.ts";
import type { InputWatch } from "./inputQueue.ts";
import { type CommandEnd, type CommandLink, openLink } from "./link.ts";
import { hasPerl, PERL, perlHelperSource } from "./perlHelper.ts";
import { FRAME, frameReader } from "./protocol.ts";
import { createRuntimeDir, type Helper, type RuntimeDir } from "./runtimeDir.ts";

/** From the host's question to its process: milliseconds. A gateway under load must not lose a command. */
export const CLAIM_TIMEOUT_MS = 60_000;

/** A connection that does not say its id is none of ours. */
const HELLO_TIMEOUT_MS = 10_000;

/** KILL follows TERM after 3 s; then the node is asked no more. */
const END_TIMEOUT_MS = 8_000;

/** What the host may still ask about a command that is over. */
const KEEP_END_MS = 10 * 60_000;

/** Far above a chunk of the helper's stdin. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** One command that waits for its helper. */
export interface ExecJob {
  /**
   * Its helper is there: dispatches the command. Called at most once.
   * @param cancelled nobody wants it any more; before the dispatch it must then not happen.
   * @throws NodeRouterError the command was not started.
   */
  start(cancelled: AbortSignal): Promise<RunningCommand>;
  /** Told of every piece of input before it is sent to the node; left out: nobody is. */
  readonly watchInput?: InputWatch;
  /** It is over. Called once after `start`, never without it. */
  ended(end: CommandEnd): void;
}

export interface ExecServer {
  /**
   * Where the helper and the socket are; listens first when it does not yet, or when a system's cleaning has
   * taken the folder away.
   * @throws NodeRouterError NOT_STARTED
   */
  open(): Promise<{
    /** Runs the helper: Perl where the system has it, else this Node. */
    readonly program: string;
    readonly helperPath: string;
    readonly socketPath: string;
    readonly folder: string;
  }>;
  /** Returns the one-shot id for the helper's argument list. An id that nobody claims is forgotten. */
  add(job: ExecJob): string;
  /**
   * The host is done with the helper. Waits a little for a command whose helper died before it. Null: the id is
   * not known (any more).
   */
  finalize(id: string): Promise<Outcome | null>;
  /** Stops listening and forgets what waits. Running commands go on. */
  close(): Promise<void>;
}

interface Entry {
  readonly job: ExecJob;
  link: CommandLink | null;
  timer: NodeJS.Timeout;
}

export interface ExecServerOptions {
  readonly makeDir?: (helper: Helper) => RuntimeDir;
  /** Default: `chooseHelper`. */
  readonly helper?: () => Promise<Helper>;
  readonly claimTimeoutMs?: number;
}

/** Opens nothing yet. */
export function createExecServer(options: ExecServerOptions = {}): ExecServer {
  const {
    makeDir = (helper) => createRuntimeDir({ helper }),
    helper = chooseHelper,
    claimTimeoutMs = CLAIM_TIMEOUT_MS,
  } = options;
  const entries = new Map<string, Entry>();
  let listening: Promise<{ dir: RuntimeDir; server: Server }> | null = null;

  const forgetAfter = (id: string, ms: number): NodeJS.Timeout =>
    setTimeout(() => entries.delete(id), ms).unref();

  const claim = (id: string): ((cancelled: AbortSignal) => Promise<RunningCommand>) => {
    const entry = entries.get(id);
    if (entry === undefined || entry.link !== null)
      return () => Promise.reject(new NodeRouterError(UNCLAIMABLE));
    clearTimeout(entry.timer);
    return (cancelled) => entry.job.start(cancelled);
  };

  const follow = (id: string, link: CommandLink): void => {
    const entry = entries.get(id);
    if (entry === undefined || entry.link !== null) return;
    entry.link = link;
    void link.end.then((end) => {
      entry.timer = forgetAfter(id, KEEP_END_MS);
      entry.job.ended(end);
    });
  };

  const onConnection = (socket: Socket): void => {
    let link: CommandLink | null = null;
    socket.on("error", () => socket.destroy());
    const hello = setTimeout(() => socket.destroy(), HELLO_TIMEOUT_MS).unref();
    const read = frameReader(MAX_FRAME_BYTES, (type, payload) => {
      if (link !== null) link.frame(type, payload);
      else if (type === FRAME.claim) {
        clearTimeout(hello);
        const id = payload.toString("latin1");
        link = openLink(socket, claim(id), entries.get(id)?.job.watchInput ?? null);
        follow(id, link);
      } else socket.destroy();
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        read(chunk);
      } catch {
        socket.destroy();
      }
    });
  };

  const listen = async (): Promise<{ dir: RuntimeDir; server: Server }> => {
    const dir = makeDir(await helper());
    const server = createServer({ noDelay: true }, onConnection);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(dir.socketPath, resolve);
      });
    } catch (error) {
      dir.remove();
      throw new NodeRouterError(
        refusal("NOT_STARTED", "the gateway's exec server cannot listen", {
          nothingRan: "nothing ran",
          advice: null,
        }),
        { cause: error },
      );
    }
    server.on("error", () => {});
    // Neither keeps the process: at its end the folder goes too.
    server.unref();
    const onExit = () => dir.remove();
    process.once("exit", onExit);
    server.once("close", () => {
      process.off("exit", onExit);
      dir.remove();
    });
    return { dir, server };
  };

  const stop = async (): Promise<void> => {
    const current = listening;
    listening = null;
    const open = await current?.catch(() => null);
    // Only the listening ends here: `close` waits for connections, which are running commands.
    open?.server.close();
    open?.dir.remove();
  };

  return {
    async open() {
      const seen = listening;
      const current = await seen?.catch(() => null);
      if (current != null && !current.dir.isComplete() && listening === seen) await stop();
      listening ??= listen();
      try {
        const { dir } = await listening;
        const { program, helperPath, socketPath, path: folder } = dir;
        return { program, helperPath, socketPath, folder };
      } catch (error) {
        listening = null;
        throw error;
      }
    },

    add(job) {
      const id = randomBytes(16).toString("hex");
      entries.set(id, { job, link: null, timer: forgetAfter(id, claimTimeoutMs) });
      return id;
    },

    async finalize(id) {
      const entry = entries.get(id);
      if (entry === undefined) return null;
      entries.delete(id);
      clearTimeout(entry.timer);
      if (entry.link === null) {
        return { kind: "notStarted", ...UNCLAIMABLE };
      }
      return atMost(entry.link, END_TIMEOUT_MS);
    },

    async close() {
      for (const entry of entries.values()) clearTimeout(entry.timer);
      for (const [id, entry] of entries) if (entry.link === null) entries.delete(id);
      await stop();
    },
  };
}

/** The one that starts fastest here. */
async function chooseHelper(): Promise<Helper> {
  return (await hasPerl(process.platform))
    ? { program: PERL, source: perlHelperSource() }
    : { program: process.execPath, source: helperSource() };
}

async function atMost({ end, mayRun }: CommandLink, ms: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(mayRun() ? UNSEEN : UNSENT), ms).unref();
  });
  try {
    return await Promise.race([end.then(({ outcome }) => outcome), late]);
  } finally {
    clearTimeout(timer);
  }
}

const UNSEEN: Outcome = {
  kind: "unknown",
  processGroup: null,
  ...refusal("OUTCOME_UNKNOWN", "the command was told to end, and its end was not seen", {
    advice: "it may still run on the node",
  }),
};

const UNSENT: Outcome = {
  kind: "notStarted",
  ...refusal("NOT_STARTED", "the command was told to end before it was sent"),
};

const UNCLAIMABLE = refusal(
  "NOT_STARTED",
  "the helper process and the exec server did not find each other in time, so the command was not started",
);
