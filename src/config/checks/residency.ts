// Problems of meaning in a rule's `residency`: countries that are none, and what it can never be met or kept by.
import { matches } from "../../nodeRouter/placement/selector/selector.ts";
import { reservedPrefix } from "../../nodeRouter/placement/selector/tags.ts";
import { ROUTABLE_TOOLS } from "../../nodeRouter/toolCatalog/catalog.ts";
import { countryCodes, countryName, validCountry } from "../../shared/countries.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import { quote } from "../../shared/safeText.ts";
import { nearest } from "../../shared/suggest.ts";
import { type ConfigProblem, configError, configWarning } from "../problems/problem.ts";
import { countryProblem, countrySuggestion } from "./location.ts";
import type { WrittenConfig, WrittenRule } from "./written.ts";

/** Names of regions that people write where countries are asked for. */
const UNIONS: readonly string[] = ["EU", "EEA", "EMEA", "APAC", "ASEAN", "LATAM", "NA", "WORLD"];

export function* checkResidency(written: WrittenConfig): Generator<ConfigProblem> {
  for (const rule of written.rules) {
    if (rule.entry.residency === undefined) continue;
    yield* checkCountries(rule);
    // What follows from a country that is none is no problem of its own.
    if (!rule.entry.residency.allow.every(validCountry)) continue;
    yield* checkKeeping(written, rule);
    yield* checkReach(written, rule);
  }
}

/** Of a rule of either kind: what is no country, or there twice. */
export function* checkCountries({
  path,
  entry: { agents, residency },
}: Pick<WrittenRule, "path"> & {
  readonly entry: Pick<WrittenRule["entry"], "agents" | "residency">;
}): Generator<ConfigProblem> {
  const places = new Map<string, number>();
  for (const [at, country] of (residency?.allow ?? []).entries()) {
    const where = `${path}.residency.allow[${at}]`;
    const problem = countryProblem(country);
    if (problem !== null) {
      const suggestion = meantBy(country);
      yield configError({ code: "RESIDENCY_COUNTRY", path: where, message: problem, suggestion, agents });
      continue;
    }
    const before = places.get(country) ?? at;
    places.set(country, before);
    if (before === at) continue;
    const message = `${quote(country)} is there twice`;
    yield configWarning({ code: "RESIDENCY_DUPLICATE", path: where, message, agents });
  }
}

/** By the code in other letters, by the country's name, or by the beginning of a cloud's region such as `us-east-1`. */
function meantBy(text: string): string | null {
  if (UNIONS.includes(text.toUpperCase()) && !validCountry(text)) {
    return 'a region is no country: list its countries, such as "DE", "FR".';
  }
  const byCode = countrySuggestion(text);
  if (byCode !== null) return byCode;
  const [start = ""] = text.toUpperCase().split(/[-_]/);
  if (start !== text.toUpperCase() && validCountry(start)) return `did you mean ${quote(start)}?`;
  const codes = countryCodes();
  const byName = new Map(codes.map((code) => [(countryName(code) ?? "").toLowerCase(), code]));
  const name = text.toLowerCase();
  const code = byName.get(name) ?? byName.get(nearest(name, byName.keys()) ?? "");
  return code === undefined ? null : `did you mean ${quote(code)}?`;
}

/** What its agents do besides must not go elsewhere unseen. */
function* checkKeeping({ config, rules }: WrittenConfig, rule: WrittenRule): Generator<ConfigProblem> {
  const { path, entry } = rule;
  const { agents, name, tools, residency } = entry;
  const says = `rule ${quote(name)} keeps its calls in ${(residency?.allow ?? []).join(", ")}`;
  const covered = new Set((tools ?? ROUTABLE_TOOLS).map(normalizeToolName));
  for (const other of rules) {
    const isSame =
      agents.length === 0 ||
      agents.every((agent) => other.entry.agents.includes(agent) || other.entry.agents.includes("*"));
    if (!isSame || other.entry.residency === undefined) continue;
    for (const tool of other.entry.tools ?? ROUTABLE_TOOLS) covered.add(normalizeToolName(tool));
  }
  const loose = ROUTABLE_TOOLS.filter((tool) => !covered.has(tool));
  if (loose.length > 0) {
    const message = `${says}, and no rule with residency speaks for ${loose.join(", ")} of the same agents`;
    const suggestion = "leave tools out, or add a rule with residency for them.";
    yield configWarning({ code: "RESIDENCY_PARTIAL", path: `${path}.tools`, message, suggestion, agents });
  }
  const country = config.gateway?.location?.country;
  const isInside = country !== undefined && residency?.allow.includes(country) === true;
  if (entry.onUnavailable === "gateway" && (!isInside || residency?.egress === true)) {
    const why =
      residency?.egress === true
        ? "egress is asked, and the gateway's is never known"
        : country === undefined
          ? "gateway.location.country is not set"
          : `gateway.location.country is ${quote(country)}`;
    const message = `${says}, so onUnavailable: "gateway" never holds: ${why}`;
    yield configWarning({ code: "RESIDENCY_GATEWAY", path: `${path}.onUnavailable`, message, agents });
  }
}

/** What is not declared is unknown, and what is unknown gets no calls. */
function* checkReach({ config, nodes }: WrittenConfig, rule: WrittenRule): Generator<ConfigProblem> {
  const { path, entry, require } = rule;
  const { agents, name, residency } = entry;
  if (residency?.egress === true && config.presence?.publicAddressUrl === undefined) {
    const message = `rule ${quote(name)} needs to know where its nodes' packets leave, and presence.publicAddressUrl names no service that could tell, so no node ever fits`;
    yield configWarning({ code: "RESIDENCY_EGRESS", path: `${path}.residency.egress`, message, agents });
  }
  const selector = require?.parsed.ok === true ? require.parsed.selector : null;
  // Of a tag that the plugin finds nobody knows here which nodes have it.
  if (selector?.requirements.some(({ key }) => reservedPrefix(key) !== null) === true) return;
  const meant = nodes.filter(({ tags }) => selector === null || matches(selector, tags));
  const isAllowed = (country: string | undefined) =>
    country !== undefined && residency?.allow.includes(country) === true;
  if (meant.length === 0 || meant.some(({ entry: node }) => isAllowed(node.location?.country))) return;
  const message = `rule ${quote(name)}: none of the nodes that it means declares a country of its residency, so only a tag country-… of the tailnet's policy can let any of them fit`;
  const suggestion = "declare where they are: nodes.<name>.location.country.";
  yield configWarning({
    code: "RESIDENCY_UNDECLARED",
    path: `${path}.residency`,
    message,
    suggestion,
    agents,
  });
}
