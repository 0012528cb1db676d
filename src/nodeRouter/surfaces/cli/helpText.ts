// What stands below the options in the help of every command: examples that can be typed as they are, and its page.

const DOCS = "https://github.com/openclaw-node-router/openclaw-node-router/blob/main/docs";
const PAGE = `${DOCS}/cli.md`;

/** Below the list of all commands. */
export const ROOT_HELP = `
Each command has examples: openclaw node-router <command> --help
For scripts, in a fifth of the time: openclaw gateway call noderouter.nodes --json

Docs: ${PAGE}
What the words mean (guard, binding, presence, residency): ${DOCS}/concepts.md
`;

/** For commander's help; begins with an empty line. */
export function helpText(name: string, examples: readonly string[]): string {
  const lines = examples.map((line) => `  openclaw node-router ${line}`);
  return `\nExamples:\n${lines.join("\n")}\n\nDocs: ${PAGE}#${name}\n`;
}
