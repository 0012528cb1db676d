// What `init` has to ask: of which node nobody has said the place or a tag, and of which agent where it may run. Pure.
import { validCountry } from "../../../shared/countries.ts";
import { safe } from "../../../shared/safeText.ts";
import { parseTag, printTag, reservedPrefix } from "../../placement/selector/tags.ts";
import type { InitNode } from "../../setup/edit/configEdit.ts";
import { placeLabel } from "../reports/nodePlace.ts";
import type { NodeReport } from "../reports/nodeReport.ts";
import type { AgentStatus } from "../reports/statusReport.ts";
import { isRegionOf } from "./regionTag.ts";

export type InitPlace = NonNullable<InitNode["location"]>;

export interface NodeQuestion {
  readonly name: string;
  /** In a line: the name, whether it is there, its system. */
  readonly words: string;
  /** Declared already. */
  readonly declared: InitPlace | null;
  /** Somebody else's word for it, never written unless a person agrees; null: nobody has one, or it is declared. */
  readonly guess: (InitPlace & { readonly why: string }) | null;
  /** As config writes them; without what the plugin finds out itself. */
  readonly tags: readonly string[];
}

export function nodeQuestion({ name, state, os, place, location, tags }: NodeReport): NodeQuestion {
  const country = place?.country;
  const where =
    country === undefined ? null : { country, ...(place?.city === undefined ? {} : { city: place.city }) };
  const isDeclared = place?.source === "declared";
  return {
    name,
    words: [safe(name), state, ...(os === null ? [] : [safe(os)])].join(", "),
    declared: isDeclared ? where : null,
    guess: isDeclared || where === null ? null : { ...where, why: placeLabel(location) ?? "unknown" },
    tags: Object.entries(tags).flatMap(([key, value]) =>
      reservedPrefix(key) === null ? [printTag(key, value)] : [],
    ),
  };
}

/** Agents for which no rule speaks. One that is refused for an error of the config has a rule that nobody can read. */
export function unroutedAgents(
  agents: readonly Pick<AgentStatus, "agent" | "rule" | "outcome">[],
): readonly string[] {
  return agents.flatMap(({ agent, rule, outcome }) =>
    rule === null && outcome !== "refused" ? [agent] : [],
  );
}

/** Where an agent by its name belongs, as a person may well agree to: `worker-sg` where a node has `region=sg`. */
export function likelyPlace(agent: string, tags: readonly string[]): string | null {
  const words = agent.toLowerCase().split(/[^a-z0-9]+/);
  return tags.find((tag) => words.some((word) => isRegionOf(tag, word))) ?? null;
}

/** `SG`, `SG/Singapore`; a text says what is wrong with it. */
export function readPlace(text: string): InitPlace | string {
  const [country = "", ...rest] = text.trim().split("/");
  const code = country.trim().toUpperCase();
  const city = rest.join("/").trim();
  if (!validCountry(code))
    return `a place is two letters such as SG (ISO 3166-1), and a city behind a slash, not ${safe(text.trim())}`;
  return { country: code, ...(city === "" ? {} : { city }) };
}

export function typedPlace({ country, city }: InitPlace): string {
  return city === undefined ? country : `${country}/${city}`;
}

/** Tags with commas; a text says what is wrong with one. */
export function readTags(text: string): readonly string[] | string {
  const tags = text.split(",").flatMap((part) => part.trim() || []);
  for (const tag of tags) {
    const read = parseTag(tag);
    if (!read.ok) return read.message;
  }
  return tags;
}
