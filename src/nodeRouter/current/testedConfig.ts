// Tries the config's own tests when it is loaded: the agents of one that fails are refused until it is mended.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { formatPath } from "../../config/problems/path.ts";
import { type ConfigProblem, configError } from "../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { quote } from "../../shared/safeText.ts";
import { buildSnapshot } from "../inventory/inventory.ts";
import { runConfigTests, type TestResult } from "../policy/configTests.ts";
import type { WorldDeps } from "./worldNow.ts";

/**
 * The config in force, with a problem for each test that fails. The old config is gone by then (OpenClaw 2026.9.6 hands
 * over the new one alone), so a failing test closes.
 */
export function testCurrentConfig(deps: WorldDeps): void {
  const slot = deps.memory.part(PLUGIN_CONFIG);
  if (slot.current === null || slot.current.tests.length === 0) return;
  // Nobody has listed nodes yet: what only they can tell is left open.
  const snapshot = buildSnapshot(slot.current.nodes, null);
  slot.current = testedConfig(slot.current, runConfigTests(slot.current, readOrNull(deps), snapshot));
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

function readOrNull({ hostConfig }: WorldDeps): unknown {
  try {
    return hostConfig();
  } catch {
    return null;
  }
}
