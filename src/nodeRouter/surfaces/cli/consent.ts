// Whoever asks before writing needs somebody to ask.

/** Why nobody can be asked, with the way out; null: somebody can. */
export function cannotAsk(
  command: string,
  options: { readonly json?: boolean | undefined; readonly output?: string | undefined },
  canAsk: boolean,
): string | null {
  const { json = false, output } = options;
  if (canAsk && !json) return null;
  const why = !json ? "here is no terminal" : output === undefined ? "--json" : `-o ${output}`;
  return `${command} asks before it writes, and ${why}: add --yes to agree beforehand`;
}
