// One name for each tool, as the host makes it. Pure.
import { normalizeToolName } from "../../shared/hostNames.ts";

/** Its former name; the host moves settings that still say it. */
const FORMER = "image";
const NOW = "view_image";

/** The host hands hooks this name already; a caller that does not is understood all the same. */
export function toolId(name: string): string {
  const id = normalizeToolName(name);
  return id === FORMER ? NOW : id;
}

/** Our tool that gives a task to another gateway: its candidates are peers. */
export const DELEGATE_TOOL = "delegate";
