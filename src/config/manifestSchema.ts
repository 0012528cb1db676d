// The schema as OpenClaw gets it: what the plugin checks by itself is refused before it is written, in words that its form can show.

/** A schema without TypeBox's symbols: what JSON keeps of it. */
export interface PlainSchema {
  readonly description?: string;
  readonly type?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly PlainSchema[];
  readonly maxProperties?: number;
  readonly propertyNames?: PlainSchema;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly additionalProperties?: false | PlainSchema;
  readonly items?: PlainSchema;
}

// OpenClaw shows a pattern as it is to whoever broke it: short ones, which leave the last word to the checks.
const TAG = "[A-Za-z0-9][\\w./-]*(=[\\w.-]*)?";
const EFFECT = "(NoSchedule|PreferNoSchedule|NoExecute)";
const WORD = "[\\w./+-]+";
// No two blanks beside each other that may be none: the time would double with each requirement.
const COMPARED = `\\s*(==?|!=)(\\s*${WORD})?|\\s+(not)?in\\s*\\([\\s\\w./+,-]*\\)`;
const SELECTOR = `^(\\s*(!\\s*)?${WORD}(${COMPARED})?\\s*(,(?!\\s*$)|$))+$`;
const COUNTRY = "^[A-Z]{2}$";
const ABSOLUTE = "^(/|[A-Za-z]:[\\\\/])";
/** Letters of other scripts pass: some of them are made an id's by writing them small. */
const AGENT = "^\\s*([\\w*?]|[^\\u0000-\\u007f])";
const NAME = "^(?!(__proto__|constructor|prototype)$)[^\\u0000-\\u001f\\u007f]+$";

/**
 * What the checks refuse in any case, as far as a pattern can tell; `*` stands for a name or a place in a list. Never
 * what they let pass (`manifestSchema.prop.test.ts`): a config that holds must not keep a gateway from starting.
 */
const PATTERNS: Readonly<Record<string, string>> = {
  "gateway.location.country": COUNTRY,
  "nodes.*.location.country": COUNTRY,
  "peers.*.location.country": COUNTRY,
  "nodes.*.tags.*": `^(?!node\\.|tailscale\\.)${TAG}$`,
  "peers.*.tags.*": `^(?!node\\.|tailscale\\.)${TAG}$`,
  "nodes.*.taints.*": `^${TAG}:${EFFECT}$`,
  "nodes.*.workspace": ABSOLUTE,
  "nodes.*.paths.*": "^/",
  "nodes.*.pathPrepend.*": "^/[^:]*$",
  "nodes.*.ssh.host": "^(?!-)[^\\s'\"`$\\\\;&<>|(){}*?!,@#/]+$",
  "nodes.*.ssh.user": "^[^\\s-]\\S*$",
  "nodes.*.ssh.hostKey": "^SHA256:\\S+$",
  "rules.*.agents.*": AGENT,
  "rules.*.require": SELECTOR,
  "rules.*.prefer.*.selector": SELECTOR,
  "rules.*.residency.allow.*": COUNTRY,
  "rules.*.tolerate.*": `^(\\*|${TAG})(:${EFFECT})?$`,
  "tests.*.expect": "^(refused|unrouted|node:.+|place:[A-Z]{2})$",
  "peers.*.accept.agents.*": "^[^*?!]+$",
  "delegation.rules.*.require": SELECTOR,
  "delegation.rules.*.prefer.*.selector": SELECTOR,
  "delegation.rules.*.residency.allow.*": COUNTRY,
};

/** The same of names, by the map that they are keys of. */
const NAME_PATTERNS: Readonly<Record<string, string>> = {
  nodes: NAME,
  peers: NAME,
  "nodes.*.env": "^[A-Za-z_][A-Za-z0-9_]*$",
};

/** Every path that has a pattern. */
export const PATTERN_PATHS: readonly string[] = [...Object.keys(PATTERNS), ...Object.keys(NAME_PATTERNS)];

/**
 * The schema with patterns, and without what the Control UI's form calls "unsupported" (2026.9.6; a contract test asks
 * its own code): `maxProperties`, whose count the plugin checks alone, and an enum beside an object, which becomes a
 * pattern.
 * @param path of the schema, as uiHints spell it; "" for the whole.
 */
export function manifestSchema(schema: PlainSchema, path = ""): PlainSchema {
  const { maxProperties: _, properties, additionalProperties, items, anyOf, ...rest } = schema;
  const inner = (key: string) => (path === "" ? key : `${path}.${key}`);
  const pattern = PATTERNS[path];
  const names = NAME_PATTERNS[path];
  return {
    ...rest,
    ...(pattern === undefined ? {} : { pattern }),
    ...(names === undefined ? {} : { propertyNames: { pattern: names } }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((branch) => formBranch(branch, anyOf)) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, child]) => [key, manifestSchema(child, inner(key))]),
          ),
        }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: additionalProperties && manifestSchema(additionalProperties, inner("*")) }),
    ...(items === undefined ? {} : { items: manifestSchema(items, inner("*")) }),
  };
}

function formBranch(branch: PlainSchema, all: readonly PlainSchema[]): PlainSchema {
  const { enum: words, ...rest } = branch;
  if (words === undefined || all.every(({ type }) => type !== "object")) return branch;
  return { ...rest, pattern: `^(${words.join("|")})$` };
}
