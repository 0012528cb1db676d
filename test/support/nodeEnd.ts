// The node's end of the workspace command, spoken to as a gateway speaks to it.
import { randomUUID } from "node:crypto";
import type { InvokeContext } from "../../src/nodeRouter/transports/node/host/execApprovals.ts";
import {
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
  /** Runs it and reads it to its end, however long that takes; throws where it did not begin. */
  complete(script: string, more?: Partial<RunRequest>, context?: InvokeContext): Promise<Told>;
}

/** What a reply tells of a command, its bytes as text. */
export type Told = Omit<StateAnswer, "boot" | "kind">;

/** @param options a short list of variables stands for a login, unless said otherwise. */
export function nodeEnd(options: Partial<ServerOptions> = {}): NodeEnd {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/" };
  const readEnv = async () => ({ env, isWhole: true, atMs: performance.now() });
  const server = new WorkspaceServer({ version: "1.2.3", readEnv, ...options });
  const ask = async (request: object, context = ALLOWS): Promise<Reply> =>
    JSON.parse(await server.handle(JSON.stringify(request), context));
  const pull = (key: string, more: object = {}) =>
    ask({ op: "pull", key, out: 0, err: 0, max: 1 << 20, waitMs: 2_000, ...more });
  return {
    server,
    ask,
    pull,
    run: (script, more = {}, context = ALLOWS) =>
      ask({ ...runRequest(script, server.boot), ...more }, context),
    async complete(script, more = {}, context = ALLOWS) {
      const request = { ...runRequest(script, server.boot), ...more };
      const first = stateIn(await ask(request, context));
      let state = first;
      let [out, err] = [first.out, first.err];
      while (state.end === null) {
        const at = { out: Buffer.byteLength(out), err: Buffer.byteLength(err) };
        state = stateIn(await pull(request.key, at));
        [out, err] = [out + state.out, err + state.err];
      }
      return { ...first, out, err, end: state.end };
    },
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

/** Throws for any other reply. */
export function stateIn(reply: Reply): Told {
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
