// The demo's last part but two: an agent gives a task to an agent of a second gateway, which does it once, and both have it on record.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DelegationsReport } from "../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import { fieldOf, itemsOf, readJson } from "../../src/shared/jsonParts.ts";
import { changeConfig, installOverRpc, withRouter } from "../../test/e2e/deployment.ts";
import { startGateway } from "../../test/support/gateway.ts";
import type { Gateway } from "../../test/support/gatewayTypes.ts";
import { waitFor } from "../../test/support/wait.ts";
import { show, type startProgress } from "./progress.ts";

/** A gateway that takes tasks of `gw-cn`. */
export interface SecondGateway {
  readonly gateway: Gateway;
  readonly token: string;
}

/** Takes a while: begun while other steps run. */
export async function startSecondGateway(archive: string): Promise<SecondGateway> {
  const token = randomBytes(32).toString("base64");
  const gateway = await startGateway({});
  await installOverRpc(gateway, archive);
  const accept = { token, agents: ["worker-sg"] };
  await changeConfig(gateway, (config) =>
    withRouter(config, { gatewayName: "gw-sg", nodes: {}, peers: { "gw-cn": { accept } } }),
  );
  return { gateway, token };
}

export interface DelegationDemo {
  readonly gateway: Gateway;
  readonly progress: ReturnType<typeof startProgress>;
  readonly second: Promise<SecondGateway>;
}

/** Throws when a step does not show what it is there for. */
export async function demoDelegation({ gateway, progress, second }: DelegationDemo): Promise<void> {
  const there = await progress.step(
    "start a second gateway, gw-sg, which takes tasks of gw-cn; make it a peer here",
    async () => {
      const { gateway: other, token } = await second;
      const path = "plugins.entries.node-router.config";
      const peer = {
        url: `http://127.0.0.1:${other.port}`,
        token,
        tags: ["region=sg"],
        location: { country: "SG" },
      };
      const rule = { name: "sg-work", agents: ["master"], require: "region=sg", agent: "worker-sg" };
      const sets = [
        { path: `${path}.gatewayName`, value: "gw-cn" },
        { path: `${path}.peers`, value: { "gw-sg": peer } },
        { path: `${path}.delegation`, value: { rules: [rule] } },
      ];
      const set = await gateway.cli("config", "set", "--batch-json", JSON.stringify(sets));
      if (set.code !== 0) throw new Error(`openclaw config set ended with ${set.code}\n${set.stderr}`);
      await gateway.waitUntilConfigApplied();
      await waitFor("the peer to be there", async () => {
        const { peers } = await gateway.rpc<{ peers: readonly { state: string }[] }>("noderouter.peers", {});
        return peers.some(({ state }) => state === "online");
      });
      return other;
    },
  );
  const marks = join(there.home.home, "marks");
  const task = `CALL exec ${JSON.stringify({ command: `echo ran >>${marks}; echo counted: $(wc -l <${marks})` })}`;
  const answer = await progress.step("master: delegate a task to worker-sg of gw-sg", async () => {
    const args = JSON.stringify({ id: "delegate", args: { task } });
    return (await gateway.agent("master", `CALL tool_call ${args}`)).results[0] ?? "";
  });
  const ran = readFileSync(marks, "utf8").trim().split("\n").length;
  // The meta tool wraps what the tool says.
  const [said] = itemsOf(fieldOf(fieldOf(readJson(answer), "result"), "content"));
  const result = String(fieldOf(said, "text") ?? answer);
  show(`${result}\nits marks at gw-sg: ${ran}`);
  const id = /Delegation ([0-9a-f-]{36})/.exec(result)?.[1] ?? "";
  if (!result.includes("completed · agent worker-sg at gateway gw-sg") || ran !== 1)
    throw new Error("the task should have been completed at gw-sg, once");
  const [peers, given] = await progress.step("openclaw node-router peers; delegations", () =>
    Promise.all([gateway.cli("node-router", "peers"), gateway.cli("node-router", "delegations")]),
  );
  const { delegations } = await there.rpc<DelegationsReport>("noderouter.delegations", {});
  const taken = delegations.map(
    (one) => `${one.id} ${one.direction} ${one.peer}/${one.requester} ${one.state}`,
  );
  show(
    `$ openclaw node-router peers\n${peers.stdout}\n$ openclaw node-router delegations\n${given.stdout}\nat gw-sg: ${taken}`,
  );
  // In a narrow terminal the list shows the beginning, which names it, too.
  if (
    id === "" ||
    !given.stdout.includes(id.slice(0, 14)) ||
    !taken.some((one) => one.includes(`${id} in gw-cn/master completed`))
  )
    throw new Error(`both gateways should know the task by the id ${id}\n${given.code} ${given.stderr}`);
  await there.model.stop();
}
