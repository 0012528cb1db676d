// Reads what a task on a node has said between the words of its login shell. Pure.

/** Before each value that a task prints: login shells print words of their own. */
export const SAYS = "node-router-says ";

/** What a task said, by key; the last of two counts. Keys and values as the node sent them. */
export function saidBy(stdout: string): ReadonlyMap<string, string> {
  return new Map(
    stdout.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
      const at = line.indexOf(SAYS);
      if (at === -1) return [];
      const [, key, value] = /^(\w+) (.*)$/.exec(line.slice(at + SAYS.length)) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.trim()]];
    }),
  );
}
