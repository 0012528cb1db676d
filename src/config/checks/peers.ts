// Problems of meaning in `peers` and `delegation`. They keep tasks from being given away or taken, and no call from its node.
import { PRIVATE_HTTP_HOST } from "../../shared/privateHost.ts";
import { isPrintable, quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { formatPath } from "../problems/path.ts";
import { type ConfigProblem, configError, configWarning } from "../problems/problem.ts";
import { MAX_SECRET_LENGTH, MIN_TOKEN_LENGTH } from "../schema/limits.ts";
import type { SecretInput } from "../schema/ssh.ts";
import { checkLocation } from "./location.ts";
import { checkNear } from "./near.ts";
import { nodeNameProblem } from "./nodes.ts";
import { checkCountries } from "./residency.ts";
import { checkSelector } from "./selectors.ts";
import { checkTags } from "./tags.ts";
import type { WrittenConfig, WrittenPeer } from "./written.ts";

/** Nobody's calls: a task that is not given away runs nowhere. */
const NOBODY: readonly string[] = [];

/** Peers that cannot be meant or reached, tokens that protect nothing, rules that no peer can meet. */
export function* checkPeerSettings(written: WrittenConfig): Generator<ConfigProblem> {
  for (const peer of written.peers) yield* checkPeer(peer, written);
  yield* checkTokens(written.peers);
  yield* checkGatewayName(written);
  for (const problem of checkDelegationRules(written)) yield { ...problem, agents: NOBODY };
}

const invalid = (path: string, message: string, suggestion: string | null = null) =>
  configError({ code: "PEER_INVALID", path, message, suggestion, agents: NOBODY });

function* checkPeer(peer: WrittenPeer, { nodes }: WrittenConfig): Generator<ConfigProblem> {
  const { name, path, entry } = peer;
  const problem = nodeNameProblem(name, "peer");
  if (problem !== null) yield invalid(path, problem);
  else if (name === "gateway")
    yield invalid(path, '"gateway" means this gateway, so no peer can have the name');
  if (nodes.some((node) => node.name === name)) {
    const advice = "give the peer another name: cordons and refusals name both in the same way.";
    yield invalid(path, `${quote(name)} is the name of a node`, advice);
  }
  yield* checkTags(peer, () => NOBODY, "peer");
  yield* checkLocation(path, entry.location, NOBODY);
  if (entry.ssh !== undefined && entry.url !== undefined)
    yield invalid(`${path}.url`, "ssh and url are both set; keep one");
  if (entry.ssh !== undefined) {
    const node = nodes.find((one) => one.name === entry.ssh);
    if (node === undefined) {
      const names = nodes.map((one) => one.name);
      yield invalid(
        `${path}.ssh`,
        `no node is named ${quote(entry.ssh)} under nodes`,
        didYouMean(entry.ssh, names),
      );
    } else if (node.entry.ssh === undefined) {
      yield invalid(`${path}.ssh`, `node ${quote(entry.ssh)} has no ssh settings`);
    }
  }
  const message = entry.url === undefined ? null : peerUrlProblem(entry.url, entry.protocol === "a2a");
  if (message !== null) yield invalid(`${path}.url`, message);
  if (entry.token !== undefined && entry.ssh === undefined && entry.url === undefined)
    yield invalid(`${path}.token`, "neither ssh nor url says how the peer is reached");
  if (entry.token === undefined && entry.accept === undefined) {
    const text = `peer ${quote(name)} has neither token nor accept, so nothing is given to it and nothing is taken`;
    yield configWarning({ code: "PEER_UNUSED", path, message: text, agents: NOBODY });
  }
  for (const [at, agent] of (entry.accept?.agents ?? []).entries()) {
    if (!/[*?!]/.test(agent) && isPrintable(agent)) continue;
    yield invalid(
      `${path}.accept.agents[${at}]`,
      `${quote(agent)} is no agent's id: what a peer may ask for is named one by one`,
    );
  }
}

/**
 * SECURITY: the address is not repeated, it may hold a password.
 * @param mayHavePath plain A2A servers take requests wherever they like.
 * @returns null: it can be used.
 */
function peerUrlProblem(text: string, mayHavePath: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return 'is no address that begins with "https://" or "http://"';
  if (url.username !== "" || url.password !== "") return "must hold no user name and no password";
  if (url.search !== "" || url.hash !== "" || (url.pathname !== "/" && !mayHavePath))
    return "must name the gateway alone, without a path";
  return url.protocol === "https:" || PRIVATE_HTTP_HOST.test(url.hostname)
    ? null
    : 'plain http goes only to this machine, 100.64.0.0/10, fd7a::/48 or a name that ends with ".ts.net"';
}

/** SECURITY: whoever knows one token must not be able to speak for two peers. No token is repeated. */
function* checkTokens(peers: readonly WrittenPeer[]): Generator<ConfigProblem> {
  const owners = new Map<string, string>();
  const secrets = peers.flatMap(
    ({ path, entry }): readonly (readonly [string, SecretInput | undefined])[] => [
      [`${path}.token`, entry.token],
      [`${path}.accept.token`, entry.accept?.token],
    ],
  );
  for (const [path, secret] of secrets) {
    if (typeof secret !== "string") continue;
    const wrong = (message: string) => configError({ code: "PEER_TOKEN", path, message, agents: NOBODY });
    if (
      secret.length < MIN_TOKEN_LENGTH ||
      secret.length > MAX_SECRET_LENGTH ||
      /[^\x21-\x7e]/.test(secret)
    ) {
      yield wrong(
        `must have ${MIN_TOKEN_LENGTH} to ${MAX_SECRET_LENGTH} characters of ASCII without spaces: openssl rand -base64 32`,
      );
      continue;
    }
    const owner = owners.get(secret);
    if (owner === undefined) owners.set(secret, path);
    else yield wrong(`is the same as ${owner}: each has its own`);
  }
}

function* checkGatewayName({ config, peers }: WrittenConfig): Generator<ConfigProblem> {
  const name = config.gatewayName;
  if (name === undefined) return;
  const path = formatPath(["gatewayName"]);
  if (!isPrintable(name)) yield invalid(path, `${quote(name)} has characters that cannot be shown`);
  if (peers.some((peer) => peer.name === name)) yield invalid(path, `${quote(name)} is the name of a peer`);
}

function* checkDelegationRules(written: WrittenConfig): Generator<ConfigProblem> {
  const { peers, nodes, delegationRules: rules } = written;
  const names = new Set(peers.map(({ name }) => name));
  const first = new Map<string, string>();
  for (const { path, entry, require, prefer } of rules) {
    const twin = first.get(entry.name);
    if (twin === undefined) first.set(entry.name, path);
    else {
      const message = `the name ${quote(entry.name)} is taken by ${twin}`;
      yield configError({ code: "RULE_DUPLICATE", path: `${path}.name`, message, agents: NOBODY });
    }
    for (const selector of require === null ? prefer : [require, ...prefer])
      yield* checkSelector(selector, names, entry.agents, "peer");
    yield* checkCountries({ path, entry });
  }
  yield* checkNear({ nodes, rules });
  const path = formatPath(["delegation", "rules"]);
  if (rules.length > 0 && peers.every(({ entry }) => entry.token === undefined)) {
    const message = "no peer has a token that could be presented to it, so nothing is ever given away";
    yield configWarning({ code: "PEER_UNUSED", path, message, agents: NOBODY });
  }
}
