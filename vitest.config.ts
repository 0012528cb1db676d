import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They wait for minutes, so others run beside them; begun last they would run alone. Longest first. */
const LONGEST = ["nodeCut", "hostileNode"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.e2e.test.ts`));
      return index === -1 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** Two projects: `unit` needs nothing but this folder; `e2e` starts real gateways and node hosts. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          // Real shells and sshd: on a busy machine a test waits longer than the 5 s that vitest gives it.
          testTimeout: 30_000,
          expect: { poll: { timeout: 20_000 } },
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.e2e.test.ts"],
          // Real processes: on two busy cores one gateway start costs most of a minute.
          testTimeout: 300_000,
          hookTimeout: 600_000,
          // A gateway and its node hosts mostly wait: two at a time keep two cores busy, more only get slow.
          maxWorkers: 2,
        },
      },
    ],
  },
});
