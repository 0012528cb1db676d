// The value of ProxyJump as a list of hops: `user@host:port`, `ssh://…`, in brackets for IPv6. Pure.
import { quote } from "../../../../../safeText.ts";
import { invalid } from "./invalid.ts";

/** One host to go through; null = what ssh_config says about it, then the default. */
export interface JumpSpec {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

/**
 * In order of connection; empty for `none`.
 * @throws NodeRouterError SSH_SETTINGS_INVALID
 */
export function parseProxyJump(text: string, at: string): readonly JumpSpec[] {
  if (text.trim().toLowerCase() === "none") return [];
  return text.split(",").map((part) => parseJump(part.trim(), at));
}

function parseJump(text: string, at: string): JumpSpec {
  const found =
    /^(?:ssh:\/\/)?(?:(?<user>.+)@)?(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:@/[\]]+))(?::(?<port>\d+))?\/?$/.exec(
      text,
    )?.groups;
  const host = found?.bracketed ?? found?.plain;
  const port = found?.port === undefined ? null : Number(found.port);
  // SECURITY: what ssh itself refuses as a host, user or port is never dialled.
  const isSound =
    host !== undefined &&
    !/^-|\s/.test(host) &&
    !/^-|\s/.test(found?.user ?? "") &&
    (port === null || (port >= 1 && port <= 65_535));
  if (!isSound) {
    throw invalid(`${at}: ProxyJump ${quote(text)} is not [user@]host[:port]; mend the file`);
  }
  return { host, user: found?.user ?? null, port };
}
