// Tries the config's own tests by OpenClaw's config of the moment: the agents of one that fails are refused until it is mended.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { formatPath } from "../../config/problems/path.ts";
import { type ConfigProblem, configError } from "../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { quote } from "../../shared/safeText.ts";
import { sameData } from "../../shared/sameData.ts";
import { buildSnapshot } from "../inventory/inventory.ts";
import { runConfigTests, type TestResult } from "../policy/configTests.ts";

interface Deps {
  readonly memory: Memory;
  /** The gateway's whole config as it is now. */
  readonly hostConfig: () => unknown;
}

/**
 * The config in force, with a problem for each test that fails. The old config is gone by then (OpenClaw 2026.9.6 hands
 * over the new one alone), so a failing test closes.
 */
export function testCurrentConfig(deps: Deps): void {
  const slot = deps.memory.part(PLUGIN_CONFIG);
  if (slot.current !== null) slot.current = testedBy(slot.current, readOrNull(deps));
}

/** By which config of OpenClaw each was tried last, and what came of it. */
const tried = new WeakMap<ResolvedConfig, { readonly by: unknown; readonly outcome: ResolvedConfig }>();

/**
 * The config as its tests come out now. No plugin is loaded anew when OpenClaw's settings of an agent change (2026.9.6),
 * so whoever decides asks again: its config is another object then, and until then this costs one look.
 * @param hostConfig null: it cannot be read.
 */
export function testedBy(config: ResolvedConfig, hostConfig: unknown): ResolvedConfig {
  if (config.tests.length === 0) return config;
  const last = tried.get(config);
  if (last !== undefined && last.by === hostConfig) return last.outcome;
  // Of this config alone, whoever is connected: what only the nodes can tell is left open.
  const snapshot = buildSnapshot(config.nodes, null);
  const now = testedConfig(config, runConfigTests(config, hostConfig, snapshot));
  const before = last?.outcome ?? config;
  const outcome = sameData(now.problems, before.problems) ? before : now;
  for (const one of [config, outcome]) tried.set(one, { by: hostConfig, outcome });
  return outcome;
}

/** The config in force, as its tests come out now; null before there is one. */
export function testedNow(deps: Deps): ResolvedConfig | null {
  const { current } = deps.memory.part(PLUGIN_CONFIG);
  return current === null ? null : testedBy(current, readOrNull(deps));
}

/** The config with a problem for each test that failed for sure. */
export function testedConfig(config: ResolvedConfig, results: readonly TestResult[]): ResolvedConfig {
  const failed = results.flatMap(({ passed, undecided, name, why, test }): readonly ConfigProblem[] =>
    passed || undecided
      ? []
      : [
          configError({
            code: "TEST_FAILED",
            path: formatPath(["tests", test.index]),
            message: `test ${quote(name)} fails: ${why}`,
            suggestion: "change the rules or the test.",
            agents: [test.agent],
          }),
        ],
  );
  const others = config.problems.filter(({ code }) => code !== "TEST_FAILED");
  return { ...config, problems: [...others, ...failed] };
}

function readOrNull({ hostConfig }: Deps): unknown {
  try {
    return hostConfig();
  } catch {
    return null;
  }
}
