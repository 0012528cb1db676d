// `check`: everything that is wrong with a config, found without a gateway.
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { type ConfigProblem, problemsForAgent } from "../../../config/problems/problem.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { strayAgentNames } from "../../../config/ruleAgents.ts";
import { ConfigSchema } from "../../../config/schema/schema.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import { testedConfig } from "../../current/testedConfig.ts";
import { listedAgentIds, section } from "../../host/hostConfig.ts";
import { buildSnapshot } from "../../inventory/inventory.ts";
import { runConfigTests } from "../../policy/configTests.ts";
import { NOT_LOADED, type PlannedAs, readPlanned } from "../methods/plannedConfig.ts";
import { readConfigFile } from "./configFile.ts";
import { EXIT_FINDING, EXIT_OK, EXIT_USAGE, type Output, paint, textLines } from "./output.ts";

export interface CheckReport {
  /** Nothing refuses a call. */
  readonly valid: boolean;
  /** As what the file was read. */
  readonly took: string;
  readonly problems: readonly {
    readonly severity: "error" | "warning";
    readonly code: string;
    /** The key in full. */
    readonly path: string;
    readonly message: string;
    /** What to do. */
    readonly fix: string;
    /** Agents of OpenClaw's config whose calls are refused by it. */
    readonly refuses: readonly string[];
  }[];
  readonly tests: readonly { readonly name: string; readonly passed: boolean; readonly why: string }[];
  /** What else is to be known. */
  readonly notes: readonly string[];
}

export interface CheckOptions {
  readonly file?: string | undefined;
  readonly as?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * @param hostConfig OpenClaw's config as this process read it.
 * @returns the exit code: 2 when there is nothing that could be checked.
 */
export async function runCheck(options: CheckOptions, hostConfig: unknown, out: Output): Promise<number> {
  const { file } = options;
  const read = file === undefined ? null : await readConfigFile(file.trim());
  if (read?.ok === false) return unusable(read.message, out);
  const planned = read === null ? inUse(hostConfig) : ofFile(read.document, hostConfig, options.as);
  if (typeof planned === "string") return unusable(planned, out);
  const checked = checkPlanned(planned);
  const report: CheckReport = { ...checked, notes: [...checked.notes, ...(read?.repeated ?? [])] };
  if (options.json === true) out.data(report);
  else out.print(checkText(report, out.columns));
  return report.valid ? EXIT_OK : EXIT_FINDING;
}

function unusable(message: string, out: Output): number {
  out.fail(safe(message));
  return EXIT_USAGE;
}

/** Keys named in an error. */
const MAX_NAMED = 5;

type Checked = Exclude<ReturnType<typeof readPlanned>, string>;

/** SECURITY: a file in which nothing is ours must not be found right. */
function ofFile(document: unknown, hostConfig: unknown, as: string | undefined): Checked | string {
  if (as !== undefined || !isRecord(document))
    return readPlanned(document, hostConfig, (as ?? null) as PlannedAs);
  const keys = Object.keys(document);
  if (keys.includes("plugins") || keys.includes("agents")) return readPlanned(document, hostConfig, null);
  const own = Object.keys(ConfigSchema.properties);
  if (keys.length > 0 && !keys.some((key) => own.includes(key)))
    return `it holds neither ${CONFIG_PATH} nor a key of it: ${keys.slice(0, MAX_NAMED).map(quote).join(", ")}`;
  // A key beside those is one of ours, misspelt.
  return readPlanned(document, hostConfig, keys.every((key) => own.includes(key)) ? null : "config");
}

/** The same reading as a file's. */
function inUse(hostConfig: unknown): Checked | string {
  const planned = readPlanned({}, hostConfig, "patch");
  return typeof planned === "string" ? planned : { ...planned, took: "the config in use" };
}

/** Problems of the config, of its agents' names and of its tests, errors first. */
export function checkPlanned({ took, hostConfig, pluginConfig, isOn }: Checked): CheckReport {
  const resolved = resolveConfig(pluginConfig);
  const results = runConfigTests(resolved, hostConfig, buildSnapshot(resolved.nodes, null));
  const config = testedConfig(resolved, results);
  const known = listedAgentIds(hostConfig);
  const isEntered = isRecord(section(hostConfig, "plugins", "entries")["node-router"]);
  const refusedBy = (problem: ConfigProblem) =>
    (known ?? []).filter((agent) => problemsForAgent([problem], agent).length > 0);
  const names = known === null ? [] : strayAgentNames(config, known);
  // Of an agent that is refused for something else, a test fails for that.
  const isOwn = ({ code, agents }: ConfigProblem) =>
    code !== "TEST_FAILED" ||
    agents === "*" ||
    agents.every((one) => typeof one !== "string" || problemsForAgent(resolved.problems, one).length === 0);
  const order = { error: 0, warning: 1 };
  return {
    valid: config.problems.every(({ severity }) => severity !== "error"),
    took,
    problems: [...config.problems.filter(isOwn), ...names]
      .map((problem) => {
        const { severity, code, path, message, suggestion } = problem;
        return {
          severity,
          code,
          path,
          message,
          fix: suggestion ?? FIX[severity],
          refuses: refusedBy(problem),
        };
      })
      .sort((one, other) => order[one.severity] - order[other.severity]),
    tests: results.map(({ name, passed, why }) => ({ name, passed, why })),
    // A config alone, on a machine that has none, says nothing of that.
    notes: isOn || (!isEntered && pluginConfig !== undefined) ? [] : [NOT_LOADED],
  };
}

const FIX = {
  error: "mend it; the agents that it concerns are refused until then.",
  warning: "change it, if it is not meant.",
};

/** @returns lines for a terminal of so many columns. */
export function checkText({ took, problems, tests, notes, valid }: CheckReport, columns?: number): string {
  const counts = (["error", "warning"] as const).flatMap((severity) => {
    const count = problems.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  const passed = tests.filter((one) => one.passed).length;
  const tested = tests.length === 0 ? "" : ` ${passed} of ${tests.length} tests pass.`;
  return [
    ...textLines(`checked ${took}`, columns),
    ...notes.flatMap((note) => textLines(note, columns)),
    ...problems.flatMap(({ severity, path, message, fix, refuses }) => [
      "",
      ...textLines(`${severity}: ${path}`, columns),
      ...textLines(message, columns),
      ...textLines(`fix: ${fix}`, columns),
      ...(refuses.length === 0 ? [] : textLines(`refuses: ${refuses.map(nameText).join(", ")}`, columns)),
    ]),
    "",
    paint(
      valid ? "green" : "red",
      `${counts.length === 0 ? "Nothing is wrong." : `${counts.join(", ")}.`}${tested}`,
    ),
  ].join("\n");
}
