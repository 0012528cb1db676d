// One name for each tool, as the host makes it. Pure.

/** As the host's `TOOL_NAME_ALIASES` (2026.9.6), and the former name of one tool. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["bash", "exec"],
  ["apply-patch", "apply_patch"],
  ["cron", "automations"],
  ["image", "view_image"],
]);

/** The host hands hooks this name already; a caller that does not is understood all the same. */
export function toolId(name: string): string {
  const folded = name.trim().toLowerCase();
  return ALIASES.get(folded) ?? folded;
}
