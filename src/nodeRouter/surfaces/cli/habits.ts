// Words that hands type which know kubectl, nomad or tailscale, and the command here that answers them.

/** Words that are no command here, with blanks between; and what is. */
export const HABITS: readonly (readonly [words: string, command: string])[] = [
  ["get list ls", "nodes, status or calls"],
  ["show inspect info view", "describe node <name> (or agent, or rule)"],
  ["log logs history audit alloc", "calls --follow"],
  ["delete del rm", "remove <node>, or rule rm <name>"],
  ["label labels annotate", "tag <node> key=value"],
  ["diff", "plan <file>"],
  ["validate lint", "check --file <file>"],
  ["apply set edit", 'plan <file>, then "openclaw config set plugins.entries.node-router.config"'],
  ["config dump backup", "export"],
  ["members servers gateways", "peers"],
  ["stats cost costs tokens", "usage"],
  ["undo rollback", "guard --undo; rule, tag and init print how each is undone"],
  ["version", "status: its first line has it"],
  ["ssh connect", "probe <node>, which tries the way there"],
  ["setup install", "init"],
  ["disable", "cordon <node>"],
  ["enable", "uncordon <node>"],
  ["why", "explain <agent>"],
];

/** A line for who typed that as a command; null: nothing is near. */
export function habitHint(typed: string): string | null {
  const word = typed.toLowerCase();
  const command = HABITS.find(([words]) => words.split(" ").includes(word))?.[1];
  return command === undefined ? null : `here it is: openclaw node-router ${command}`;
}
