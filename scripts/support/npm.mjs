// Which npm to run: the one that runs us when there is one, so that `npm test` needs no second npm.

/**
 * Command and first arguments that start npm under `node`.
 * @param {string} node path of the program
 */
export function npmCommand(node) {
  const running = process.env.npm_execpath;
  const isNpm = running !== undefined && /npm-cli\.[cm]?js$/.test(running);
  return isNpm ? { command: node, args: [running] } : { command: "npm", args: [] };
}
