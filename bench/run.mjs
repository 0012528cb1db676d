// `npm run bench`: prints tables, and the same as JSON on the last line. `--place` or `--exec` runs one part.
import { benchExec } from "./exec.bench.ts";
import { benchPlace } from "./place.bench.ts";

const only = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
const wants = (part) => only.length === 0 || only.includes(`--${part}`);
const round = (row) =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === "number" ? Math.round(value * 100) / 100 : value,
    ]),
  );

const report = { node: process.version };

if (wants("place")) {
  console.log("place(): one decision, first call of every rule included");
  report.place = (await benchPlace()).map(round);
  console.table(report.place);
}

if (wants("exec")) {
  console.log("exec: one whole tool call on a real gateway and node host, both kinds in turn");
  const { rows, ratio, unguardedRatio } = await benchExec();
  report.exec = rows.map(round);
  report.routedOverNative = Math.round(ratio * 1000) / 1000;
  console.table(report.exec);
  report.unguardedOverNative = Math.round(unguardedRatio * 1000) / 1000;
  console.log(
    `routed/native ratio of medians: ${report.routedOverNative} with the guard, ${report.unguardedOverNative} without (goal: at most 1.05)`,
  );
}

console.log(JSON.stringify(report));
