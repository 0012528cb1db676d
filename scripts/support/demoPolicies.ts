// The demo's last part but one: a residency that refuses, a change that is planned before it holds, and a node that is drained.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DrainReport } from "../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import type { Gateway } from "../../test/support/gatewayTypes.ts";
import { waitFor } from "../../test/support/wait.ts";
import { show, type startProgress } from "./progress.ts";
import type { startSshNode } from "./sshNode.ts";

export interface PoliciesDemo {
  readonly gateway: Gateway;
  readonly progress: ReturnType<typeof startProgress>;
  /** Where worker-hk has its workspace, by the name studio-hk. */
  readonly node: Awaited<ReturnType<typeof startSshNode>>;
  /** Those in force. Rule "china" is worker-cn's: its node is in China, and its residency is elsewhere. */
  readonly rules: readonly { readonly name: string }[];
}

/** Throws when a step does not show what it is there for. */
export async function demoPolicies({ gateway, progress, node, rules }: PoliciesDemo): Promise<void> {
  const router = (...args: readonly string[]) => gateway.cli("node-router", ...args);
  // On a busy machine OpenClaw would leave what takes longer to the background.
  const run = async (agent: string, command: string): Promise<string> =>
    (await gateway.agent(agent, `CALL exec ${JSON.stringify({ command, yieldMs: 120_000 })}`)).results[0] ??
    "";

  const file = join(gateway.home.home, "allow-cn.json");
  const residency = { allow: ["SG", "HK", "CN"] };
  const wider = rules.map((rule) => (rule.name === "china" ? { ...rule, residency } : rule));
  writeFileSync(file, JSON.stringify({ rules: wider }));
  const [refused, plan] = await progress.step(
    "worker-cn, kept in SG and HK: exec hostname; openclaw node-router plan allow-cn.json",
    () => Promise.all([run("worker-cn", "hostname"), router("plan", file, "--as", "config-patch")]),
  );
  const moved = plan.stdout.split("\n").find((line) => /^worker-cn +exec .*refused.* mac-cn/.test(line));
  show(`${refused}\nplan, exit code ${plan.code}: ${moved?.trim().replace(/ +/g, " ")}`);
  if (!/NO_NODE_FITS: .*outside the residency \(CN, declared\)/.test(refused))
    throw new Error("worker-cn should have been refused");
  if (plan.code !== 1 || moved === undefined) throw new Error(`plan did not show it\n${textOf(plan)}`);

  const [begun, go] = [join(node.workspace, "begun"), join(node.workspace, "go")];
  const step = "openclaw node-router drain studio-hk, where a command of worker-hk runs; one more call";
  const [drain, ...read] = await progress.step(step, async () => {
    const first = run("worker-hk", `touch ${begun}; until test -e ${go}; do sleep 0.1; done; echo its end`);
    first.catch(() => undefined); // reported below
    await waitFor("the command to run", async () => existsSync(begun));
    const draining = router("drain", "studio-hk", "--reason", "disk", "--for", "2h", "--timeout", "1m");
    await waitFor("the cordon", async () => {
      const { cordon } = await gateway.rpc<DrainReport>("noderouter.drained", { node: "studio-hk" });
      return cordon !== null;
    });
    const late = await run("worker-hk", "hostname");
    writeFileSync(go, "");
    return [await draining, await first, late] as const;
  });
  const waited = drain.stderr.split("\n").filter((line) => line.startsWith("studio-hk: waiting"));
  show([...waited, drain.stdout.trimEnd(), ...read].join("\n"));
  const expected = [/its end/, /NO_NODE_FITS: .*1 was cordoned/];
  if (drain.code !== 0 || waited.length === 0 || !expected.every((text, at) => text.test(read[at] ?? "")))
    throw new Error(`drain should have waited for one command and kept the next away\n${textOf(drain)}`);
}

function textOf({ code, stdout, stderr }: Awaited<ReturnType<Gateway["cli"]>>): string {
  return `exit code ${code}\n${stdout}${stderr}`;
}
