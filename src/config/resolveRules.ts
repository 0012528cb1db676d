// Rules of placement, as the rest of the plugin reads them: nothing optional, everything parsed.
import type { Minimum, OnUnavailable, Preference, Rule } from "../nodeRouter/placement/model/rule.ts";
import type { Toleration } from "../nodeRouter/placement/model/taint.ts";
import { parseSpan } from "../shared/timeSpan.ts";
import type { RuleEntry, WrittenRule } from "./checks/written.ts";
import { type IsWrong, nearOf, residencyOf } from "./resolveParts.ts";
import * as defaults from "./schema/defaults.ts";

/** A rule and its place in the config's list. */
export interface ConfiguredRule extends Rule {
  readonly index: number;
}

/** Those without an error, in config order. */
export function resolveRules(written: readonly WrittenRule[], isWrong: IsWrong): readonly ConfiguredRule[] {
  return written.flatMap((rule) => (isWrong(rule.path) ? [] : (resolveRule(rule) ?? [])));
}

/** Null when a selector cannot be parsed, which its problem should have kept away. */
function resolveRule({
  index,
  entry,
  require,
  prefer,
  tolerate: written,
}: WrittenRule): ConfiguredRule | null {
  if (require?.parsed.ok === false) return null;
  const wishes: Preference[] = [];
  for (const { parsed, weight } of prefer) {
    if (!parsed.ok) return null;
    wishes.push({ selector: parsed.selector, weight });
  }
  const tolerate: Toleration[] = [];
  for (const { parsed } of written) {
    if (!parsed.ok) return null;
    tolerate.push(parsed.value);
  }
  return {
    index,
    name: entry.name,
    agents: entry.agents,
    tools: entry.tools ?? null,
    require: require?.parsed.selector ?? null,
    prefer: wishes,
    near: nearOf(entry.near),
    minimum: minimumOf(entry.minimum),
    residency: residencyOf(entry.residency),
    tolerate,
    onUnavailable: onUnavailableOf(entry.onUnavailable),
    stick: entry.stick ?? defaults.DEFAULT_STICK,
    files: entry.files ?? defaults.DEFAULT_FILES,
  };
}

/** A wait that cannot be read is a config error, by which its rule is left out. */
function onUnavailableOf(written: RuleEntry["onUnavailable"]): OnUnavailable {
  if (typeof written !== "object") return written ?? defaults.DEFAULT_ON_UNAVAILABLE;
  return "wait" in written ? { waitMs: parseSpan(written.wait) ?? 0 } : { next: written.next };
}

function minimumOf(minimum: RuleEntry["minimum"]): Minimum | null {
  if (minimum === undefined) return null;
  const { idleCpus, freeMemoryGiB, freeDiskGiB } = minimum;
  return {
    idleCpus: idleCpus ?? null,
    freeMemoryGiB: freeMemoryGiB ?? null,
    freeDiskGiB: freeDiskGiB ?? null,
  };
}
