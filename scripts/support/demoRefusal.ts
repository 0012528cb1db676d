// The demo's refusal: a node goes away, and agent and operator each read of it what they can use.
import type { Gateway } from "../../test/support/gatewayTypes.ts";
import type { NodeHost } from "../../test/support/nodeHost.ts";
import { show, type startProgress } from "./progress.ts";

export interface RefusalDemo {
  readonly gateway: Gateway;
  readonly progress: ReturnType<typeof startProgress>;
  /** The only node that the rule of worker-cn means. */
  readonly host: NodeHost | undefined;
}

/** Throws when the command ran, or when what is read is not what it is there for. */
export async function demoRefusal({ gateway, progress, host }: RefusalDemo): Promise<void> {
  if (host === undefined) throw new Error("mac-cn was not started");
  const [read, explained] = await progress.step(
    "mac-cn's node host ends; worker-cn: exec hostname; openclaw node-router explain",
    async () => {
      await host.end();
      await host.waitUntilOffline();
      const { results } = await gateway.agent(
        "worker-cn",
        `CALL exec ${JSON.stringify({ command: "hostname" })}`,
      );
      const { stdout } = await gateway.cli("node-router", "explain", "--agent", "worker-cn");
      return [results[0] ?? "", stdout] as const;
    },
  );
  const words = explained.slice(0, explained.indexOf("\n\n"));
  show(`the agent reads, and nothing ran anywhere:\n${read}\n\nthe operator reads:\n${words}`);
  if (!/NO_NODE_FITS: .*; nothing ran\. Node mac-cn is offline.*tell your user\./.test(read))
    throw new Error(`worker-cn should have been refused; it read:\n${read}`);
  if (!words.replace(/\s+/g, " ").includes('Run "openclaw node-router explain'))
    throw new Error(`explain should name what to do:\n${explained}`);
  await progress.step("mac-cn's node host is back", async () => {
    await host.start();
    await host.waitUntilUsable();
  });
}
