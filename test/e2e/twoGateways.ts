// Two real gateways on loopback with the packed plugin, each with its own state folder, scripted model and free port.
import type { PeerReport } from "../../src/nodeRouter/surfaces/reports/peersReport.ts";
import type { JsonObject } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait.ts";
import { changeConfig, withRouter } from "./deployment.ts";
import { inTurn } from "./sharing.ts";

/** What one of the two gets; the second one's can name the first one's port, which is known by then. */
export interface SideOptions {
  /** Merged over the default gateway configuration. */
  readonly config?: JsonObject;
  /** The plugin's config, made when both gateways listen. Default: none. */
  readonly router?: (sides: Sides) => JsonObject;
  /** Environment of the process, such as the tokens that the config's SecretRefs name. */
  readonly env?: NodeJS.ProcessEnv;
  /** Directories of further plugins, used as they lie there. */
  readonly plugins?: readonly string[];
}

interface Sides {
  readonly a: Gateway;
  readonly b: Gateway;
}

export interface TwoGateways extends Sides {
  stop(): Promise<void>;
}

export interface TwoGatewaysOptions {
  readonly a?: SideOptions;
  readonly b?: SideOptions;
}

/** A fault at one gateway must not leave the other one running. */
async function both<T>(make: (side: "a" | "b") => Promise<T>, undo: (made: T) => Promise<void>) {
  const [a, b] = await Promise.allSettled([make("a"), make("b")]);
  if (a.status === "fulfilled" && b.status === "fulfilled") return { a: a.value, b: b.value };
  await Promise.all([a, b].map(async (one) => one.status === "fulfilled" && (await undo(one.value))));
  throw a.status === "rejected" ? a.reason : b.status === "rejected" ? b.reason : undefined;
}

const startBoth = async (options: TwoGatewaysOptions): Promise<TwoGateways> => {
  const stopOne = (gateway: Gateway): Promise<void> => gateway.stop();
  const sides = await both(async (side) => {
    const { config, env, plugins } = options[side] ?? {};
    return startGateway({
      withPlugin: true,
      config: config ?? {},
      ...(env === undefined ? {} : { env }),
      ...(plugins === undefined ? {} : { plugins }),
    });
  }, stopOne);
  return {
    ...sides,
    async stop() {
      await Promise.allSettled([stopOne(sides.a), stopOne(sides.b)]);
    },
  };
};

/** Starts both with the plugin, or takes its turn at those of the test file; each one's `router` holds when it resolves. */
export async function startTwoGateways(options: TwoGatewaysOptions = {}): Promise<TwoGateways> {
  const { a, b } = options;
  const kind = JSON.stringify({
    of: "two gateways",
    env: [a?.env, b?.env],
    plugins: [a?.plugins, b?.plugins],
  });
  const { value: sides, isNew, stop } = await inTurn(kind, () => startBoth(options));
  try {
    await Promise.all(
      (["a", "b"] as const).map(async (side) => {
        const { config = {}, router } = options[side] ?? {};
        await changeConfig(sides[side], (now) =>
          withRouter(isNew ? now : sides[side].configOf(config), router?.(sides) ?? { nodes: {} }),
        );
      }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...sides, stop };
}

/** Asks each until it answers as a peer: one that was looked at before it had its config is away until the next look. */
export async function untilOnline(from: Gateway, ...peers: readonly string[]): Promise<void> {
  for (const peer of peers)
    await waitFor(`${peer} to be online`, async () => {
      const { state } = await from.rpc<PeerReport>("noderouter.probePeer", { peer });
      return state === "online";
    });
}
