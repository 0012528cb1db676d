// Stands for ssh's answer where no ssh can be asked: what the plugin's config says, and ssh's defaults. Pure.
import type { ConnectEnv } from "../base/env.ts";
import { DEFAULT_IDENTITIES } from "./identitySettings.ts";
import type { SshConfigAnswer, SshQuery } from "./sshAnswer.ts";

/** Under this keyword, which ssh has not, stands why it was not asked. */
export const NOT_ASKED = "node-router-not-asked";

/** @param why a fact without its end. */
export function pluginOnly(query: SshQuery, env: Pick<ConnectEnv, "user">, why: string): SshConfigAnswer {
  return {
    values: new Map([
      ["hostname", [query.host.toLowerCase()]],
      ["user", [query.user ?? env.user]],
      ["port", [String(query.port ?? query.defaultPort)]],
      ["identityfile", DEFAULT_IDENTITIES.map((name) => `~/.ssh/${name}`)],
      ["userknownhostsfile", ["~/.ssh/known_hosts ~/.ssh/known_hosts2"]],
      ["globalknownhostsfile", ["/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"]],
      [NOT_ASKED, [why]],
    ]),
    expansions: [],
  };
}
