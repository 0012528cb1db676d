// The known_hosts format of OpenSSH (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Pure.
import { createHmac } from "node:crypto";
import { quote, safe } from "../../../../../shared/safeText.ts";
import { matchesHostList } from "../settings/hostPattern.ts";
import { invalid } from "../settings/invalid.ts";
import { type PublicKey, readPublicKey } from "./fingerprint.ts";

/** One line that names a key. */
export interface KnownHost extends PublicKey {
  /** `revoked`: never believe this key. `cert-authority`: not supported, never a host's own key. */
  readonly marker: "revoked" | "cert-authority" | null;
  /** The names as written: patterns with commas, or one hashed name. */
  readonly hosts: string;
  /** From 1. */
  readonly line: number;
}

const HASHED = /^\|1\|([A-Za-z0-9+/]+={0,2})\|([A-Za-z0-9+/]+={0,2})$/;

/** Every line that can be read; comments, empty and bad lines are left out, as OpenSSH leaves them out. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    const fields = content.trim().split(/[ \t]+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [hosts = "", type, base64] = fields;
    if (hosts === "" || hosts.startsWith("#")) return [];
    if (marker !== undefined && marker !== "@revoked" && marker !== "@cert-authority") return [];
    const key = readPublicKey(type, base64);
    if (key === null) return [];
    const kind = marker === "@revoked" ? "revoked" : marker === undefined ? null : "cert-authority";
    return [{ ...key, marker: kind, hosts, line: index + 1 }];
  });
}

/** @param name in lower case: `host`, `[host]:port` or an alias. */
export function namesHost({ hosts }: Pick<KnownHost, "hosts">, name: string): boolean {
  const [, salt, digest] = HASHED.exec(hosts) ?? [];
  if (salt !== undefined && digest !== undefined) {
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === digest;
  }
  return !hosts.startsWith("|") && matchesHostList(name, hosts.split(","));
}

/** Whether the names of the line are a hash (`|1|salt|hash`), as HashKnownHosts writes them. */
export function isHashed({ hosts }: Pick<KnownHost, "hosts">): boolean {
  return HASHED.test(hosts);
}

/** Whether a name can only be written as its hash: as text, a part of it would be a mark or begin a comment. */
export function needsHash(name: string): boolean {
  return /[@#]/.test(name);
}

/**
 * SECURITY: a pattern or a list in known_hosts would make one machine's key good for many, for plain ssh as well.
 * @throws NodeRouterError SSH_SETTINGS_INVALID for a name that would stand for other machines too.
 */
export function refusePattern(name: string): void {
  if (name !== "" && !name.startsWith("-") && !/[\s*?!,|]/u.test(name) && safe(name) === name) return;
  throw invalid(
    `${quote(name)} is no name of one machine for known_hosts (no space, control character, or any of * ? ! , |)`,
    "mend the host or its HostKeyAlias",
  );
}

/**
 * The line that makes `name` known, without its end.
 * @param salt 20 random bytes: the name is written as their hash. Null: as text.
 * @throws NodeRouterError SSH_SETTINGS_INVALID as `refusePattern`, or for a name that cannot stand there as text.
 */
export function formatKnownHost(name: string, key: PublicKey, salt: Buffer | null): string {
  refusePattern(name);
  if (salt === null && needsHash(name)) {
    throw invalid(`${quote(name)} can only be written into known_hosts as a hash`, null);
  }
  const hosts =
    salt === null
      ? name
      : `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
  return `${hosts} ${key.type} ${key.blob.toString("base64")}`;
}
