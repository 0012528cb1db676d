// The OpenSSH client that the settings come from.
import { spawnSync } from "node:child_process";

/** Why there is no ssh to ask; null = there is one. */
export function sshUnavailable(): string | null {
  const { error, status } = spawnSync("ssh", ["-V"], { stdio: "ignore" });
  return error === undefined && status === 0 ? null : "OpenSSH's ssh is not installed (openssh-client)";
}

/**
 * Whether tests with a real ssh are left out here; says why.
 * @param title of the test file, for the message.
 * @throws Error where they must not be left out: on CI, or with NODE_ROUTER_REQUIRE_SSHD=1.
 */
export function skipWithoutSsh(title: string): boolean {
  const reason = sshUnavailable();
  if (reason === null) return false;
  const { CI, NODE_ROUTER_REQUIRE_SSHD } = process.env;
  if ((CI ?? "") !== "" || NODE_ROUTER_REQUIRE_SSHD === "1") {
    throw new Error(`${title}: must run here (CI or NODE_ROUTER_REQUIRE_SSHD is set), and cannot: ${reason}`);
  }
  console.warn(`${title}: skipped: ${reason}`);
  return true;
}
