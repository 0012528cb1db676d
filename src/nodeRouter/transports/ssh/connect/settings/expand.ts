// `~`, `%` tokens and `${VARIABLES}` of ssh_config values. Pure.
import { isAbsolute, join } from "node:path";
import { quote } from "../../../../../shared/safeText.ts";
import { invalid } from "./invalid.ts";

/** Token letter to value; `%%` is always known. */
export type Tokens = Readonly<Record<string, string>>;

/**
 * Replaces `%x`.
 * @param at where the value stands, for the message.
 * @throws NodeRouterError SSH_SETTINGS_INVALID for a token that is not known here: it is never left as it is.
 */
export function expandTokens(text: string, tokens: Tokens, at: string): string {
  return text.replace(/%(.?)/gs, (_, letter: string) => {
    if (letter === "%") return "%";
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    if (value === undefined) {
      throw invalid(
        `${at}: node-router does not know the token ${quote(`%${letter}`)}`,
        "write the value itself",
      );
    }
    return value;
  });
}

/**
 * A path of ssh_config or of the config as an absolute one: tokens, `${NAME}`, `~`; a relative path counts from
 * the home directory, since a gateway has no directory that its operator would think of.
 * @throws NodeRouterError SSH_SETTINGS_INVALID
 */
export function expandPath(
  text: string,
  env: { readonly home: string; readonly variables: Readonly<Record<string, string | undefined>> },
  tokens: Tokens,
  at: string,
): string {
  const named = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env.variables[name];
    if (value === undefined) {
      throw invalid(`${at}: the gateway has no variable ${quote(name)}`, "set it, or write the path itself");
    }
    return value;
  });
  return absolute(expandTokens(named, tokens, at), env.home, at);
}

/** `~` and relative paths alone. */
export function absolute(path: string, home: string, at: string): string {
  if (path === "~" || path.startsWith("~/")) return join(home, path.slice(1));
  if (path.startsWith("~")) {
    throw invalid(`${at}: ${quote(path)} names another user's home`, "write the absolute path");
  }
  return isAbsolute(path) ? path : join(home, path);
}
