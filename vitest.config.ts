import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that compute take about a core each; on one core two files still wait by turns. */
const WORKERS = Math.max(2, availableParallelism());
/** Each property with the same seed in every run. */
const FAST_CHECK = fileURLToPath(new URL("test/support/fastCheck.ts", import.meta.url));
/** A gateway with its node hosts takes a gigabyte. */
const MOST_GATEWAYS = 6;

/** Begun last they would run alone. What mostly waits stands between what computes, so that the cores are shared well. */
const LONGEST = [
  ...["maintenance.e2e", "chaos.e2e", "pairedNodes.e2e", "hostileNode.e2e", "init.e2e", "nodePlugin.e2e"],
  ...["twoGateways.e2e", "sshFaults.e2e", "sshWorkspace.e2e", "hostile.e2e", "presence.e2e"],
  ...["delegationFaults.long", "nodeCut.long", "operators.long", "uninstall.long"],
  ...["jobs.long", "delegationEdges.long", "join.long", "hosted.long", "badInput.long"],
  ...["delegationWays.long", "install.long", "tunnel.long"],
  ...["oneTunnel", "keepTunnels", "pool/pool", "session/bootstrap", "sessionFaults", "jobs/detached"],
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return index === -1 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** Real processes: on two busy cores one gateway start costs most of a minute. */
const REAL = { testTimeout: 600_000, hookTimeout: 900_000, maxWorkers: Math.min(WORKERS, MOST_GATEWAYS) };

/**
 * `unit` needs nothing but this folder; `e2e` starts real gateways and node hosts, and has each promise once; `long` too,
 * with what is done around it: installing, joining, taking away, long cuts. `npm test` is without it.
 */
export default defineConfig({
  test: {
    alias: [{ find: /^fast-check$/, replacement: FAST_CHECK }],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          // Real shells and sshd: on a busy machine a test waits longer than the 5 s that vitest gives it, and its hooks
          // than 10 s. Nobody waits for so long who is not about to fail.
          testTimeout: 90_000,
          hookTimeout: 90_000,
          expect: { poll: { timeout: 40_000 } },
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
        },
      },
      {
        test: {
          ...REAL,
          name: "e2e",
          include: ["test/e2e/**/*.e2e.test.ts"],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...REAL,
          name: "long",
          include: ["test/e2e/**/*.long.test.ts"],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
