// The value of ProxyJump as ssh prints it: hops as they were written, and the last of them in one form. Pure.
import { quote } from "../../../../../shared/safeText.ts";
import { invalid } from "./invalid.ts";

/** One host to go through; null = what ssh_config says about it, then the default. */
export interface JumpSpec {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

export interface JumpChain {
  /** The machine that connects to the host itself. */
  readonly last: JumpSpec;
  /** Those before it, as `ssh -J` takes them; null = what ssh says of `last`. */
  readonly before: string | null;
}

/** @throws NodeRouterError SSH_SETTINGS_INVALID */
export function readProxyJump(text: string, at: string): JumpChain {
  const comma = text.lastIndexOf(",");
  const found =
    /^(?:(?<user>.+)@)?(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:@[\]]+))(?::(?<port>\d{1,5}))?$/.exec(
      text.slice(comma + 1),
    )?.groups;
  const host = found?.bracketed ?? found?.plain;
  if (host === undefined) throw invalid(`${at}: ProxyJump ${quote(text)} is not [user@]host[:port]`);
  return {
    last: { host, user: found?.user ?? null, port: found?.port === undefined ? null : Number(found.port) },
    before: comma < 0 ? null : text.slice(0, comma),
  };
}
