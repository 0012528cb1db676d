// The node's end of the workspace command, spoken to as a gateway speaks to it.
import { randomUUID } from "node:crypto";
import {
  type InvokeContext,
  type ServerOptions,
  WorkspaceServer,
} from "../../src/nodeRouter/transports/node/host/workspaceServer.ts";
import type { Reply, RunRequest, StateAnswer } from "../../src/nodeRouter/transports/node/wire.ts";

/** Exec approvals that allow everything. */
export const ALLOWS: InvokeContext = { prepareExecAuthorization: () => () => {} };

export interface NodeEnd {
  readonly server: WorkspaceServer;
  ask(request: object, context?: InvokeContext): Promise<Reply>;
  /** Runs a script with its complete input; what is not said is the common thing. */
  run(script: string, more?: Partial<RunRequest>, context?: InvokeContext): Promise<Reply>;
  pull(key: string, more?: object): Promise<Reply>;
}

/** @param options a short list of variables stands for a login, unless said otherwise. */
export function nodeEnd(options: Partial<ServerOptions> = {}): NodeEnd {
  const readEnv = async () => ({ PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/" });
  const server = new WorkspaceServer({ version: "1.2.3", readEnv, ...options });
  const ask = async (request: object, context = ALLOWS): Promise<Reply> =>
    JSON.parse(await server.handle(JSON.stringify(request), context));
  return {
    server,
    ask,
    run: (script, more = {}, context = ALLOWS) =>
      ask({ ...runRequest(script, server.boot), ...more }, context),
    pull: (key, more = {}) => ask({ op: "pull", key, out: 0, err: 0, max: 1 << 20, waitMs: 2_000, ...more }),
  };
}

export function runRequest(script: string, boot: string): RunRequest {
  return {
    op: "run",
    key: randomUUID(),
    boot,
    script,
    args: [],
    env: {},
    cwd: null,
    makeCwd: false,
    pathPrepend: [],
    pty: null,
    input: "",
    eof: true,
    waitMs: 2_000,
    max: 1 << 20,
    approved: false,
  };
}

/** What a reply tells of a command, its bytes as text; throws for any other reply. */
export function stateIn(reply: Reply): Omit<StateAnswer, "boot" | "kind"> {
  if (reply.kind !== "state") throw new Error(`the reply is ${JSON.stringify(reply)}`);
  const { boot, kind, ...state } = reply;
  return { ...state, out: textOf(state.out), err: textOf(state.err) };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function textOf(data: string): string {
  return Buffer.from(data, "base64").toString();
}
