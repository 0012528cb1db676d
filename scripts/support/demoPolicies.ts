// The demo's last part but one: a change that is planned before it holds, a residency that refuses, and a node that is drained.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Gateway } from "../../test/support/gatewayTypes.ts";
import { waitFor } from "../../test/support/wait.ts";
import { show, type startProgress } from "./progress.ts";
import type { startSshNode } from "./sshNode.ts";

const exec = (command: string): string => `CALL exec ${JSON.stringify({ command })}`;

const RULES = "plugins.entries.node-router.config.rules";

export interface PoliciesDemo {
  readonly gateway: Gateway;
  readonly progress: ReturnType<typeof startProgress>;
  /** Where worker-hk has its workspace, by the name studio-hk. */
  readonly node: Awaited<ReturnType<typeof startSshNode>>;
  /** Those in force. Rule "china" is worker-cn's, whose node is declared to be in China. */
  readonly rules: readonly { readonly name: string }[];
}

/** Three steps; throws when one of them does not show what it is there for. */
export async function demoPolicies({ gateway, progress, node, rules }: PoliciesDemo): Promise<void> {
  const router = (...args: readonly string[]) => gateway.cli("node-router", ...args);
  const residency = { allow: ["SG", "HK"], onUnknown: "refuse" };
  const kept = rules.map((rule) => (rule.name === "china" ? { ...rule, residency } : rule));
  const file = join(gateway.home.home, "residency.json");
  writeFileSync(file, JSON.stringify({ rules: kept }));

  const plan = await progress.step(
    "worker-cn in SG or HK only: openclaw node-router plan residency.json",
    () => router("plan", file, "--as", "config-patch"),
  );
  const moved = plan.stdout.split("\n").find((line) => /^worker-cn +exec .*mac-cn .*refused/.test(line));
  if (plan.code !== 1 || moved === undefined) throw new Error(`plan did not show it\n${textOf(plan)}`);
  show(`exit code 1, among its lines: ${moved.trim().replace(/ +/g, " ")}`);

  const refused = await progress.step("write it; worker-cn: exec hostname", async () => {
    const set = await gateway.cli("config", "set", RULES, JSON.stringify(kept), "--strict-json");
    if (set.code !== 0) throw new Error(`config set failed\n${textOf(set)}`);
    await gateway.waitUntilConfigApplied();
    return (await gateway.agent("worker-cn", exec("hostname"))).results[0] ?? "";
  });
  show(refused);
  if (!/NO_NODE_FITS: .*outside the residency \(CN, declared\)/.test(refused))
    throw new Error("worker-cn should have been refused");

  const begun = join(node.workspace, "begun");
  const step = "studio-hk: openclaw node-router drain while a command runs; one more call; uncordon";
  const [drain, ...read] = await progress.step(step, async () => {
    const running = gateway.agent("worker-hk", exec(`touch ${begun}; sleep 6; echo brought to its end`));
    running.catch(() => undefined); // reported below
    await waitFor("the command to run", async () => existsSync(begun));
    const told = await router("drain", "studio-hk", "--reason", "disk", "--for", "2h", "--timeout", "1m");
    const ended = (await running).results[0] ?? "";
    const late = (await gateway.agent("worker-hk", exec("hostname"))).results[0] ?? "";
    return [told, ended, late, (await router("uncordon", "studio-hk")).stdout] as const;
  });
  show([drain.stderr + drain.stdout, ...read].map((text) => text.trimEnd()).join("\n"));
  const expected = [
    /brought to its end/,
    /NODE_UNREACHABLE: .*is cordoned/,
    /calls may come again to studio-hk/,
  ];
  if (drain.code !== 0 || !expected.every((pattern, at) => pattern.test(read[at] ?? "")))
    throw new Error(
      `the drain (exit code ${drain.code}) should have waited for one command and kept the next away`,
    );
}

function textOf({ code, stdout, stderr }: Awaited<ReturnType<Gateway["cli"]>>): string {
  return `exit code ${code}\n${stdout}${stderr}`;
}
