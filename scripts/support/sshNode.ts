// A machine for the demo that is reached over SSH only: OpenSSH's server where there is one, else one in this process.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeHome } from "../../test/support/environment.ts";
import { makeKey } from "../../test/support/ssh/keys.ts";
import { startSshServer } from "../../test/support/ssh/server.ts";
import { runInShell } from "../../test/support/ssh/shell.ts";
import { sshdUnavailable, startSshd } from "../../test/support/ssh/sshd.ts";

/** Resolves with what the plugin's config needs to know of it, and `stop`. */
export async function startSshNode(name: string) {
  const home = makeHome(name);
  const key = makeKey("ed25519");
  const authorizedKeys = [key.publicKey];
  const reason = sshdUnavailable();
  const server =
    reason === null
      ? await startSshd({ authorizedKeys, config: [`SetEnv HOME=${home.home}`] })
      : await startSshServer({
          authorizedKeys,
          exec: (command, channel) => runInShell(command, channel, { HOME: home.home }),
        });
  const folder = join(home.dir, "keys");
  mkdirSync(folder, { mode: 0o700 });
  const identityFile = join(folder, "id_ed25519");
  const knownHostsFile = join(folder, "known_hosts");
  writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
  writeFileSync(knownHostsFile, server.knownHosts());
  return {
    how: reason === null ? "OpenSSH sshd" : `an SSH server in this process: ${reason}`,
    workspace: join(home.home, "work"),
    ssh: {
      host: "127.0.0.1",
      port: server.port,
      ...("user" in server ? { user: server.user } : {}),
      identityFile,
      knownHostsFile,
    },
    stop: () => server.stop(),
  };
}
