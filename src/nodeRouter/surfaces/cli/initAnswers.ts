// The answers to what `init` asks: from options, then from the person at the terminal. A guess counts once a person agrees.
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { quote } from "../../../shared/safeText.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import type { InitNode, InitRule } from "../../setup/edit/configEdit.ts";
import {
  type InitPlace,
  likelyPlace,
  type NodeQuestion,
  readPlace,
  readTags,
  typedPlace,
} from "./initQuestions.ts";
import { regionTag } from "./regionTag.ts";

/** What the options say, by name. */
export interface InitWishes {
  readonly places: ReadonlyMap<string, InitPlace>;
  readonly tags: ReadonlyMap<string, readonly string[]>;
  /** By the agent's id. Null: on any node. */
  readonly routes: ReadonlyMap<string, string | null>;
}

export interface InitAnswers {
  readonly nodes: readonly InitNode[];
  readonly rules: readonly InitRule[];
}

/** As commander hands them over: `<name>=<what>` each. A text says what is wrong with one. */
export function readWishes(options: {
  readonly place?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly route?: readonly string[] | undefined;
}): InitWishes | string {
  const places = new Map<string, InitPlace>();
  const tags = new Map<string, readonly string[]>();
  const routes = new Map<string, string | null>();
  for (const text of options.place ?? []) {
    const [name, what] = pairOf(text);
    const place = readPlace(what);
    if (name === "" || typeof place === "string")
      return `--place takes <node>=<country>[/<city>], for example mac-sg=SG/Singapore, not ${quote(text)}`;
    if (places.has(name)) return `--place says twice where ${quote(name)} is`;
    places.set(name, place);
  }
  for (const text of options.tag ?? []) {
    const [name, what] = pairOf(text);
    const read = readTags(what);
    if (name === "" || read.length === 0)
      return `--tag takes <node>=<tags with commas>, for example mac-sg=gpu,disk=ssd, not ${quote(text)}`;
    if (typeof read === "string") return `--tag: ${read}`;
    tags.set(name, [...(tags.get(name) ?? []), ...read]);
  }
  for (const text of options.route ?? []) {
    const [name, what] = pairOf(text);
    const where = readWhere(what);
    if (name === "" || what === "")
      return `--route takes <agent>=<selector>, or <agent>=any, for example worker-sg=region=sg, not ${quote(text)}`;
    if (typeof where === "object" && where !== null) return `--route: ${where.problem}`;
    const agent = normalizeAgentId(name);
    if (routes.has(agent)) return `--route says twice where ${quote(agent)} may run`;
    routes.set(agent, where);
  }
  return { places, tags, routes };
}

/** At the first sign: a selector has more of them. */
function pairOf(text: string): readonly [name: string, what: string] {
  const at = text.indexOf("=");
  return at < 0 ? ["", ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** Null: any node. */
function readWhere(text: string): string | null | { readonly problem: string } {
  if (/^any(where)?$/i.test(text)) return null;
  const read = parseSelector(text);
  return read.ok ? text : { problem: read.message };
}

export interface InitTalk {
  /** Null: nobody is there to ask. */
  readonly question: ((text: string) => Promise<string>) | null;
  readonly say: (text: string) => void;
}

/** @param agents for which no rule speaks. */
export async function initAnswers(
  nodes: readonly NodeQuestion[],
  agents: readonly string[],
  wishes: InitWishes,
  talk: InitTalk,
): Promise<InitAnswers> {
  const answered: InitNode[] = [];
  const regions: string[] = [];
  for (const node of nodes) {
    const place = await placeOf(node, wishes, talk);
    const tags = await tagsOf(node, place, wishes, talk);
    regions.push(...node.tags, ...tags);
    if (place !== null || tags.length > 0) answered.push({ name: node.name, location: place, tags });
  }
  // What an option names and nobody knows is for the gateway to refuse, with the names that there are.
  const known = new Set(nodes.map(({ name }) => name));
  for (const name of new Set([...wishes.places.keys(), ...wishes.tags.keys()]))
    if (!known.has(name))
      answered.push({ name, location: wishes.places.get(name) ?? null, tags: wishes.tags.get(name) ?? [] });
  const rules: InitRule[] = [...wishes.routes].map(([agent, require]) => ({ agents: [agent], require }));
  for (const agent of agents) {
    if (wishes.routes.has(agent)) continue;
    const where = await whereOf(agent, likelyPlace(agent, regions), talk);
    if (where !== undefined) rules.push({ agents: [agent], require: where });
  }
  return { nodes: answered, rules };
}

async function placeOf(
  { name, words, declared, guess }: NodeQuestion,
  { places }: InitWishes,
  { question, say }: InitTalk,
): Promise<InitPlace | null> {
  const wished = places.get(name);
  if (wished !== undefined) return wished;
  if (declared !== null || question === null) return null;
  const like = guess === null ? "" : ` [${typedPlace(guess)}, by ${guess.why}]`;
  const enter = guess === null ? "Enter: not said" : "Enter: that; -: not said";
  for (;;) {
    const answer = (
      await question(`Where is ${words}?${like} (country as two letters, /city; ${enter}) `)
    ).trim();
    if (answer === "" && guess !== null) {
      const { why: _, ...place } = guess;
      return place;
    }
    if (answer === "" || answer === "-") return null;
    const place = readPlace(answer);
    if (typeof place !== "string") return place;
    say(place);
  }
}

async function tagsOf(
  { name, declared, tags }: NodeQuestion,
  place: InitPlace | null,
  wishes: InitWishes,
  { question, say }: InitTalk,
): Promise<readonly string[]> {
  const where = place ?? declared;
  const wished = wishes.tags.get(name) ?? [];
  const isTagged = [...tags, ...wished].some((tag) => tag.startsWith("region="));
  // Of a place that somebody has said, never of a guess.
  const usual =
    where === null || isTagged || (tags.length > 0 && place === null) ? [] : [regionTag(where.country)];
  if (wished.length > 0 || tags.length > 0 || question === null) return [...wished, ...usual];
  for (;;) {
    const like = usual.length === 0 ? "" : ` [${usual.join(",")}]`;
    const enter = usual.length === 0 ? "Enter: none" : "Enter: that; -: none";
    const answer = (await question(`Tags of ${name}?${like} (with commas; ${enter}) `)).trim();
    if (answer === "") return usual;
    if (answer === "-") return [];
    const read = readTags(answer);
    if (typeof read !== "string") return read;
    say(read);
  }
}

/** Undefined: as OpenClaw decides. */
async function whereOf(
  agent: string,
  likely: string | null,
  { question, say }: InitTalk,
): Promise<string | null | undefined> {
  if (question === null) return undefined;
  const like = likely === null ? "" : ` [${likely}]`;
  const enter = likely === null ? "Enter" : "Enter: that; -";
  for (;;) {
    const answer = (
      await question(
        `Where may ${agent} run its commands?${like} (a selector such as region=sg; any: any node; ${enter}: OpenClaw decides) `,
      )
    ).trim();
    if ((answer === "" || /^y(es)?$/i.test(answer)) && likely !== null) return likely;
    if (answer === "" || answer === "-") return undefined;
    // Nobody who types that means a tag of the name.
    if (/^(y(es)?|no?)$/i.test(answer)) continue;
    const where = readWhere(answer);
    if (typeof where !== "object" || where === null) return where;
    say(where.problem);
  }
}
