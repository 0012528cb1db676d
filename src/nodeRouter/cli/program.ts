// The command tree with its options, and how a command reaches the gateway.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { type CommandName, type CommandOptions, runCommand } from "./commands.ts";
import { EXIT_USAGE } from "./output.ts";

type Program = Parameters<Parameters<OpenClawPluginApi["registerCli"]>[0]>[0]["program"];

interface Spec {
  readonly name: CommandName;
  readonly description: string;
  /** The one positional argument, required. */
  readonly argument?: readonly [name: string, description: string];
  readonly options?: readonly (readonly [flags: string, description: string])[];
}

const COMMANDS: readonly Spec[] = [
  {
    name: "status",
    description: "Agents by rule, node, transport and presence; whether the plugin is in force",
  },
  { name: "nodes", description: "Every known node: id, presence, approval, place, tags" },
  {
    name: "explain",
    description: "Where an agent's call would run, and why each node fits or not",
    options: [
      ["--agent <id>", "agent to explain"],
      ["--tool <name>", 'tool to explain (default "exec")'],
    ],
  },
  { name: "doctor", description: "Find what is wrong or contradicts a rule, with the fix" },
  {
    name: "guard",
    description: "Write the native settings that make OpenClaw itself refuse when the plugin is missing",
    options: [["--dry-run", "only show what would be written"]],
  },
  {
    name: "trust",
    description: "Show the SSH host keys that a node offers, and record one after you have compared it",
    argument: ["<node>", "inventory name of a node with ssh settings"],
    options: [["--yes <fingerprint>", "record this key without asking, if the node offers it"]],
  },
  {
    name: "probe",
    description: "Connect to a node over SSH, and show each step with its time",
    argument: ["<node>", "inventory name of a node with ssh settings"],
  },
];

export async function buildCommands(program: Program, name: string, description: string): Promise<void> {
  const { addGatewayClientOptions, callGatewayFromCli } = await import("openclaw/plugin-sdk/gateway-runtime");
  const root = program.command(name).description(description);
  root.exitOverride(usageExit);
  for (const spec of COMMANDS) {
    const command = root.command(spec.name).description(spec.description);
    command.exitOverride(usageExit);
    if (spec.argument !== undefined) command.argument(...spec.argument);
    for (const [flags, help] of spec.options ?? []) command.option(flags, help);
    command.option("--json", "print the report as JSON");
    const act = async (node: string | undefined, options: CommandOptions & Record<string, string>) => {
      process.exitCode = await runCommand(
        spec.name,
        { ...options, node },
        async <T>(method: string, params: Record<string, unknown>) =>
          (await callGatewayFromCli(method, { ...options, json: true }, params, { progress: false })) as T,
        {
          print: (text) => process.stdout.write(`${text}\n`),
          fail: (text) => process.stderr.write(`${text}\n`),
          question: process.stdin.isTTY && process.stdout.isTTY ? question : undefined,
        },
      );
    };
    // Commander passes the arguments first, then the options.
    if (spec.argument === undefined) {
      addGatewayClientOptions(command).action((options) => act(undefined, options));
    } else {
      addGatewayClientOptions(command).action(act);
    }
  }
}

/** One line from the person at the terminal; empty when they end the input. */
async function question(text: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ended = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
    return await Promise.race([reader.question(text), ended]);
  } finally {
    reader.close();
  }
}

/** Commander ends with 1 for a wrong option; here 1 is a finding, and wrong usage is 2. */
function usageExit(error: { exitCode: number }): never {
  process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
}
