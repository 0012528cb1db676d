// Every keyword of `ssh -G`: whether it is honoured, without meaning here, or not honoured and then said. Pure.
import { safe } from "../../../../../shared/safeText.ts";
import { NOT_ASKED } from "./pluginOnly.ts";
import type { SshConfigAnswer } from "./sshAnswer.ts";

/** Decides something, here or within ssh before it answers. */
const HONOURED: readonly string[] = [
  "addressfamily",
  "canonicaldomains",
  "canonicalizefallbacklocal",
  "canonicalizehostname",
  "canonicalizemaxdots",
  "canonicalizepermittedcnames",
  "ciphers",
  "connecttimeout",
  "globalknownhostsfile",
  "host",
  "hostkeyalgorithms",
  "hostkeyalias",
  "hostname",
  "identitiesonly",
  "identityagent",
  "identityfile",
  "ignoreunknown",
  "kexalgorithms",
  "macs",
  "port",
  "preferredauthentications",
  "proxycommand",
  "proxyjump",
  "proxyusefdpass",
  "pubkeyacceptedalgorithms",
  "pubkeyacceptedkeytypes",
  "pubkeyauthentication",
  "refuseconnection",
  "revokedhostkeys",
  "serveralivecountmax",
  "serveraliveinterval",
  "tag",
  "user",
  "userknownhostsfile",
];

/** Terminals, questions to a person, ways to log in that are never used, and what only loosens. */
const MOOT: readonly string[] = [
  "addkeystoagent",
  "batchmode",
  "casignaturealgorithms",
  "challengeresponseauthentication",
  "checkhostip",
  "cipher",
  "clearallforwardings",
  "controlmaster",
  // Ours: the question itself sets it.
  "controlpath",
  "controlpersist",
  "enableescapecommandline",
  "enablesshkeysign",
  "escapechar",
  "exitonforwardfailure",
  "fingerprinthash",
  "forkafterauthentication",
  "forwardx11timeout",
  "forwardx11trusted",
  "gatewayports",
  "gssapiauthentication",
  "gssapiclientidentity",
  "gssapidelegatecredentials",
  "gssapikexalgorithms",
  "gssapikeyexchange",
  "gssapirenewalforcesrekey",
  "gssapiserveridentity",
  "gssapitrustdns",
  "hashknownhosts",
  "hostbasedacceptedalgorithms",
  "hostbasedacceptedkeytypes",
  "hostbasedkeytypes",
  "ipqos",
  "kbdinteractiveauthentication",
  "kbdinteractivedevices",
  "loglevel",
  "logverbose",
  "nohostauthenticationforlocalhost",
  "numberofpasswordprompts",
  "obscurekeystroketiming",
  "passwordauthentication",
  "permitlocalcommand",
  "permitremoteopen",
  "protocol",
  "requesttty",
  "securitykeyprovider",
  // Debian and others set it for every host; what a command gets is in the plugin's config.
  "sendenv",
  "sessiontype",
  "stdinnull",
  "streamlocalbindmask",
  "streamlocalbindunlink",
  "stricthostkeychecking",
  "syslogfacility",
  "tcpkeepalive",
  "tunneldevice",
  "updatehostkeys",
  "usekeychain",
  "useprivilegedport",
  "verifyhostkeydns",
  "visualhostkey",
  "warnweakcrypto",
  "xauthlocation",
];

/** Not honoured, which is said unless ssh prints this. By how a person writes it. */
const NOT_HONOURED: ReadonlyMap<string, RegExp> = new Map([
  // An address is honoured, a name is not looked up.
  ["BindAddress", /^(?:[\d.]+|.*:.*)$/],
  ["BindInterface", /^$/],
  ["CertificateFile", /^$/],
  ["ChannelTimeout", /^none$/],
  ["Compression", /^no$/],
  ["ConnectionAttempts", /^1$/],
  ["DynamicForward", /^$/],
  ["ForwardAgent", /^no$/],
  ["ForwardX11", /^no$/],
  ["HostbasedAuthentication", /^no$/],
  ["KnownHostsCommand", /^none$/],
  ["LocalCommand", /^none$/],
  ["LocalForward", /^$/],
  ["PKCS11Provider", /^none$/],
  ["RekeyLimit", /^0 0$/],
  ["RemoteCommand", /^none$/],
  ["RemoteForward", /^$/],
  ["RequiredRSASize", /^1024$/],
  ["SetEnv", /^$/],
  ["SmartcardDevice", /^none$/],
  ["Tunnel", /^(?:no|false)$/],
  ["VersionAddendum", /^none$/],
]);

const NAMES: ReadonlyMap<string, string> = new Map(
  [...NOT_HONOURED.keys()].map((name) => [name.toLowerCase(), name]),
);

export type KeywordClass = "honoured" | "moot" | "not honoured" | "unknown";

/** @param keyword in lower case. */
export function classOf(keyword: string): KeywordClass {
  if (HONOURED.includes(keyword)) return "honoured";
  if (MOOT.includes(keyword)) return "moot";
  return NAMES.has(keyword) ? "not honoured" : "unknown";
}

/** What of the answer does not count here, each a sentence without its end. */
export function unhonoured({ values }: SshConfigAnswer, host: string): readonly string[] {
  const notAsked = values.get(NOT_ASKED)?.[0];
  if (notAsked !== undefined) {
    return [`${notAsked}: ssh_config is not read, only the plugin's own settings count`];
  }
  return [...values].flatMap(([keyword, [value = ""]]) => {
    const name = NAMES.get(keyword);
    if (name === undefined || NOT_HONOURED.get(name)?.test(value) === true) return [];
    return [`${name} ${safe(value).slice(0, 100)} of ${safe(host)} in ssh_config is not honoured`];
  });
}
