// Problems of meaning in the config's own tests. Whether they pass is found out where calls are decided.
import { isGlob, losesItsStart } from "../../nodeRouter/placement/selector/agentGlob.ts";
import { ROUTABLE_TOOLS, WORKSPACE_TOOLS } from "../../nodeRouter/toolCatalog/catalog.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { formatPath, type PathSegment } from "../problems/path.ts";
import { type ConfigProblem, configError } from "../problems/problem.ts";
import { countryProblem, countrySuggestion } from "./location.ts";
import type { WrittenConfig } from "./written.ts";

/** `refused`, `unrouted`, `node:<name>` or `place:<country>`. */
const EXPECT = /^(?:refused|unrouted|node:(.+)|place:([A-Z]{2}))$/;

/** A test that cannot be meant protects nobody: its agent is refused until it is mended. */
export function* checkExpectations({ config, nodes }: WrittenConfig): Generator<ConfigProblem> {
  const names = nodes.map(({ name }) => name);
  const tools = [...new Set([...ROUTABLE_TOOLS, ...WORKSPACE_TOOLS])];
  for (const [index, { agent, tool, down, expect }] of (config.tests ?? []).entries()) {
    const invalid = (steps: readonly PathSegment[], message: string, suggestion: string | null) =>
      configError({
        code: "TEST_INVALID",
        path: formatPath(["tests", index, ...steps]),
        message,
        suggestion,
        agents: [agent],
      });
    if (isGlob(agent) || losesItsStart(agent)) {
      const message = `${quote(agent)} is a pattern, and a test is about one agent's call`;
      yield invalid(["agent"], message, "write the id of one agent, and a test for each that matters.");
    }
    if (tool !== undefined && !tools.includes(normalizeToolName(tool))) {
      yield invalid(["tool"], `${quote(tool)} is not a tool that can be placed`, didYouMean(tool, tools));
    }
    for (const [at, name] of (down ?? []).entries()) {
      if (!names.includes(name))
        yield invalid(["down", at], `no node is named ${quote(name)} under nodes`, didYouMean(name, names));
    }
    const [whole, node, country] = EXPECT.exec(expect) ?? [];
    if (whole === undefined) {
      const forms = 'write "refused", "unrouted", "node:<name>" or "place:<country>", such as "place:SG".';
      yield invalid(["expect"], `${quote(expect)} is nothing that can be expected`, forms);
    } else if (node !== undefined && !names.includes(node)) {
      yield invalid(["expect"], `no node is named ${quote(node)} under nodes`, didYouMean(node, names));
    } else if (country !== undefined && countryProblem(country) !== null) {
      yield invalid(["expect"], countryProblem(country) ?? "", countrySuggestion(country));
    }
  }
}
