// openclaw.json as it stands on the disk, which OpenClaw shows to whoever is about to change it. Nothing is written.

/** As `mutateConfigFile` of the host: the draft, and what it knows of the file. */
export type LookAtConfigFile = (look: (draft: unknown, context: unknown) => never) => Promise<unknown>;

/**
 * What `read` makes of the file.
 * @throws Error what the host says of a file that it cannot read
 */
export async function readConfigOnDisk<T>(
  lookAtFile: LookAtConfigFile,
  read: (draft: unknown, context: unknown) => T,
): Promise<T> {
  let found: { readonly value: T } | null = null;
  const take = (value: T) => {
    found = { value };
  };
  const taken = (): { readonly value: T } | null => found;
  try {
    await lookAtFile((draft, context) => {
      take(read(draft, context));
      throw new Error("the file was only looked at");
    });
  } catch (error) {
    if (taken() === null) throw error;
  }
  const result = taken();
  if (result === null) throw new Error("OpenClaw did not show the config file");
  return result.value;
}

/** Texts, for a URL in one has two slashes. */
const QUOTED = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/g;

/** Whether the text of a JSON5 file has comments: OpenClaw (2026.9.6) writes it without them. */
export function hasComments(text: string): boolean {
  return /\/\/|\/\*/.test(text.replace(QUOTED, '""'));
}
