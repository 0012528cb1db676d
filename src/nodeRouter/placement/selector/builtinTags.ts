// The built-in tags: facts found by the plugin, which selectors may use and config may never set.

/** Keys of the built-in tags below `node.`; all of them, there are no others. */
export const BUILTIN_KEY = {
  name: "node.name",
  os: "node.os",
  arch: "node.arch",
  transport: "node.transport",
  country: "node.country",
  region: "node.region",
  city: "node.city",
  timeZone: "node.tz",
} as const;

export type BuiltinKey = (typeof BUILTIN_KEY)[keyof typeof BUILTIN_KEY];

/** What each built-in tag says. A node lacks a tag whose fact nobody knows. */
export const BUILTIN_TAG_HELP: Readonly<Record<BuiltinKey, string>> = {
  "node.name": "inventory name of the node: its key under nodes, or the paired node's display name",
  "node.os": "operating system: linux, macos, windows, freebsd, ios, android",
  "node.arch": "processor as the node reports it, e.g. arm64 or x64",
  "node.transport": "transports that reach it: node, ssh, or node-ssh for both",
  "node.country": "country as ISO 3166-1 alpha-2 in capitals, from its location",
  "node.region": "region of its location, as it is written there",
  "node.city": "city of its location",
  "node.tz": "time zone of its location by its IANA name, e.g. Asia/Singapore",
};

/** The keys in the order of the help. */
export const BUILTIN_KEYS: readonly BuiltinKey[] = Object.values(BUILTIN_KEY);

/** Those that say where a node is. */
export const PLACE_KEYS: readonly string[] = [
  BUILTIN_KEY.country,
  BUILTIN_KEY.region,
  BUILTIN_KEY.city,
  BUILTIN_KEY.timeZone,
];

/** Whether the key is one of the built-in tags, not merely one with their prefix. */
export function isKnownBuiltinKey(key: string): key is BuiltinKey {
  return Object.hasOwn(BUILTIN_TAG_HELP, key);
}
