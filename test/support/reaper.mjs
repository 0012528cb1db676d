// Ends the process groups of a parent that died: the parent holds our stdin, its end is our signal.
// Lines on stdin: `+<pid>` watch this group, `-<pid>` it has ended by itself.
import { createInterface } from "node:readline";

const groups = new Set();
const lines = createInterface({ input: process.stdin });

lines.on("line", (line) => {
  const pid = Number(line.slice(1));
  if (line.startsWith("+")) groups.add(pid);
  else groups.delete(pid);
});

/** @param {NodeJS.Signals} name */
const signal = (name) => {
  for (const pid of groups) {
    try {
      process.kill(-pid, name);
    } catch {
      groups.delete(pid); // already gone
    }
  }
};

lines.on("close", () => {
  signal("SIGTERM");
  setTimeout(() => signal("SIGKILL"), groups.size > 0 ? 3000 : 0);
});
