// The gateway method that asks one node now, over every way that there is to it, and says how long each took.

import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { within } from "../../../shared/deadline.ts";
import { messageOf } from "../../../shared/errors.ts";
import { quote } from "../../../shared/safeText.ts";
import { outsideCaller } from "../../host/callerScope.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { WORKSPACE_COMMAND } from "../../transports/node/wire.ts";
import { NODE_TRANSPORT } from "../../transports/nodeTransport.ts";
import { SSH_TRANSPORT } from "../../transports/transport.ts";
import { type Params, readTextParam, UsageError, unknownName } from "./params.ts";

/** `node`: OpenClaw's node host there; `plugin`: this plugin in it; `ssh`: the shell of the kept connection. */
export type PingWay = "node" | "plugin" | "ssh";

export interface PingAnswer {
  readonly way: PingWay;
  readonly ok: boolean;
  /** Null: no answer, or one that says nothing of its time. */
  readonly rttMs: number | null;
  /** Why there was none; null: there was. */
  readonly reason: string | null;
}

export interface PingReport {
  readonly node: string;
  /** Empty where there is no way to it. */
  readonly ways: readonly PingAnswer[];
}

type Deps = Pick<RouterDeps, "memory" | "listNodes" | "now">;

const TIMEOUT_MS = 5_000;
/** Starts nothing there: it looks a program up in PATH. */
const LOOK_UP = "system.which";

/** @param params `{ node }`. Opens an SSH connection where none is kept. @throws UsageError */
export async function ping(
  deps: Deps,
  invoke: OpenClawPluginApi["runtime"]["nodes"]["invoke"],
  params: Params,
): Promise<PingReport> {
  const name = readTextParam(params, "node");
  if (name === null) throw new UsageError("ping needs a node");
  const config = deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const { nodes } = await currentSnapshot(deps, config, 0);
  const node = nodes.find((one) => one.name === name);
  if (node === undefined)
    throw unknownName(
      "node",
      name,
      nodes.map((one) => one.name),
    );
  const { nodeId, commands } = node;
  const ways: Promise<PingAnswer>[] = [];
  if (nodeId !== null && commands.has(LOOK_UP))
    ways.push(
      timed("node", () => {
        const asked = { nodeId, command: LOOK_UP, params: { bins: ["sh"] }, timeoutMs: TIMEOUT_MS };
        return within(
          outsideCaller(() => invoke(asked)),
          TIMEOUT_MS + 250,
          () => new Error(`no answer within ${TIMEOUT_MS / 1_000} s`),
        );
      }),
    );
  const plugin = deps.memory.part(NODE_TRANSPORT).current;
  if (nodeId !== null && plugin !== null && commands.has(WORKSPACE_COMMAND))
    ways.push(
      plugin
        .hello({ name, nodeId }, TIMEOUT_MS)
        .then((said) =>
          said.kind === "here"
            ? { way: "plugin", ok: true, rttMs: said.rttMs, reason: null }
            : { way: "plugin", ok: false, rttMs: null, reason: said.fact },
        ),
    );
  const ssh = deps.memory.part(SSH_TRANSPORT).current;
  if (node.ssh && ssh !== null)
    ways.push(
      ssh.ping(name, TIMEOUT_MS, { connect: true }).then((said) =>
        said.kind === "up"
          ? { way: "ssh", ok: true, rttMs: said.rttMs, reason: null }
          : {
              way: "ssh",
              ok: false,
              rttMs: null,
              reason: said.kind === "silent" ? `no answer within ${TIMEOUT_MS / 1_000} s` : said.reason,
            },
      ),
    );
  if (ways.length === 0)
    throw new UsageError(`node ${quote(name)} is not connected, and has no SSH settings`);
  return { node: name, ways: await Promise.all(ways) };
}

async function timed(way: PingWay, question: () => Promise<unknown>): Promise<PingAnswer> {
  const beganMs = performance.now();
  try {
    await question();
    return { way, ok: true, rttMs: performance.now() - beganMs, reason: null };
  } catch (error) {
    return { way, ok: false, rttMs: null, reason: messageOf(error) };
  }
}
