// The oracle: what was told of each call against the marks that it left. Pure; it knows nothing of the plugin's code.

/** `left`: no rule speaks for it, and OpenClaw ran it. `open`: announced, and nothing was heard of its end. */
export type Outcome = "ran" | "running" | "refused" | "not-started" | "unknown" | "left" | "open";

/** A call that was asked for. */
export interface Asked {
  readonly id: string;
  readonly agent: string;
  readonly kind: string;
  /** When the model asked for it, and when it was shown the result: ms after the start; Infinity: never. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** The model was shown a result. */
  readonly told: boolean;
  /** The turn came to its end. */
  readonly isAnswered: boolean;
}

/** What a source says became of it. */
export interface Claim {
  readonly id: string;
  readonly source: string;
  readonly outcome: Outcome;
  /** Inventory name; null: the source does not say. */
  readonly node: string | null;
  /** The rule that chose it; null: the source does not say. */
  readonly rule: string | null;
}

export interface Mark {
  readonly id: string;
  readonly machine: string;
  /** Lines of its beginning and of its end among all of that machine; null: it has none, or has not ended. */
  readonly lines: { readonly begin: number; readonly end: number | null } | null;
}

/** What held when. */
export interface World {
  /** Machines on which the rules allowed the agent at some moment of that time. */
  allowed(agent: string, fromMs: number, untilMs: number): ReadonlySet<string>;
  /** The same for a rule by its name, whoever it is for. */
  allowedByRule(rule: string, fromMs: number, untilMs: number): ReadonlySet<string>;
  /** How many calls each machine might run at once, at any moment of that time; Infinity: any number, or nobody can tell. */
  mostAtOnce(fromMs: number, untilMs: number): number;
  /** Whether the machine was cordoned all of that time. */
  isClosed(machine: string, fromMs: number, untilMs: number): boolean;
  /** Whether the source must have a record of the call. */
  mustHave(source: string, call: Asked, marks: number): boolean;
}

export type Broken =
  | "ran twice"
  | "ran, and left no mark"
  | "ran, and its mark is elsewhere"
  | "did not run, and left a mark"
  | "a place that no rule in force allowed"
  | "a place that the rule it names did not allow"
  | "a place that was cordoned"
  | "more at once than the machine may run"
  | "runs in the background, and left no mark"
  | "ran in the background, and its end is nowhere"
  | "two outcomes"
  | "no record"
  | "a mark that nobody asked for";

export interface Violation {
  readonly broken: Broken;
  readonly id: string;
  readonly facts: string;
}

export interface Evidence {
  readonly asked: readonly Asked[];
  readonly claims: readonly Claim[];
  readonly marks: readonly Mark[];
  /** Sources that were read. */
  readonly sources: readonly string[];
}

/** Everything that is not as promised, in the order of the calls. */
export function judge({ asked, claims, marks, sources }: Evidence, world: World): readonly Violation[] {
  const marksOf = Map.groupBy(marks, ({ id }) => id);
  const claimsOf = Map.groupBy(claims, ({ id }) => id);
  const known = new Set(asked.map(({ id }) => id));
  const strays = [...marksOf].filter(([id]) => !known.has(id));
  return [
    ...asked.flatMap((call) =>
      judgeCall(call, claimsOf.get(call.id) ?? [], marksOf.get(call.id) ?? [], sources, world),
    ),
    ...crowdsIn(asked, claimsOf, marks, world),
    ...strays.map(
      ([id, found]): Violation => ({
        broken: "a mark that nobody asked for",
        id,
        facts: `on ${placesOf(found)}`,
      }),
    ),
  ];
}

function judgeCall(
  call: Asked,
  claims: readonly Claim[],
  marks: readonly Mark[],
  sources: readonly string[],
  world: World,
): readonly Violation[] {
  const facts = [
    `${call.kind} of ${call.agent}, asked at ${seconds(call.fromMs)}, told at ${seconds(call.untilMs)}`,
    ...claims.map(
      ({ source, outcome, node }) => `${source}: ${outcome}${node === null ? "" : ` on ${node}`}`,
    ),
    `marks: ${marks.length === 0 ? "none" : placesOf(marks)}`,
  ].join("; ");
  const found: Broken[] = [];
  if (marks.length > 1) found.push("ran twice");
  found.push(...againstClaims(claims, marks));
  const allowed = world.allowed(call.agent, call.fromMs, call.untilMs);
  if (marks.some(({ machine }) => !allowed.has(machine))) found.push("a place that no rule in force allowed");
  const isOfRule = ({ rule, outcome }: Claim): boolean => {
    const byRule =
      rule === null || isNothing(outcome) ? null : world.allowedByRule(rule, call.fromMs, call.untilMs);
    return byRule === null || marks.every(({ machine }) => byRule.has(machine));
  };
  if (!claims.every(isOfRule)) found.push("a place that the rule it names did not allow");
  if (marks.some(({ machine }) => world.isClosed(machine, call.fromMs, call.untilMs)))
    found.push("a place that was cordoned");
  for (const source of sources) {
    const isThere = claims.some((claim) => claim.source === source);
    if (!isThere && world.mustHave(source, call, marks.length)) found.push("no record");
  }
  return found.map((broken) => ({ broken, id: call.id, facts }));
}

function againstClaims(claims: readonly Claim[], marks: readonly Mark[]): readonly Broken[] {
  const began = claims.filter(({ outcome }) => outcome === "ran" || outcome === "left");
  const never = claims.filter(({ outcome }) => isNothing(outcome));
  const mayHave = claims.filter(({ outcome }) => ["unknown", "running", "open"].includes(outcome));
  const found: Broken[] = [];
  if (began.length > 0 && never.length > 0) found.push("two outcomes");
  if (began.length > 0 && marks.length === 0) found.push("ran, and left no mark");
  if (never.length > 0 && marks.length > 0) found.push("did not run, and left a mark");
  const isElsewhere = [...began, ...mayHave].some(
    ({ node }) => node !== null && marks.some(({ machine }) => machine !== node),
  );
  if (isElsewhere) found.push("ran, and its mark is elsewhere");
  // By now nothing runs any more.
  if (claims.some(({ outcome }) => outcome === "running")) {
    // It may have been told before its node was reached; the record has what became of that.
    if (marks.length === 0 && never.length === 0) found.push("runs in the background, and left no mark");
    if (claims.some(({ outcome }) => outcome === "open"))
      found.push("ran in the background, and its end is nowhere");
  }
  return found;
}

const isNothing = (outcome: Outcome): boolean => outcome === "refused" || outcome === "not-started";

/**
 * Calls of which the gateway knew both ends ran on a machine at the same time, and more than it may run. What goes on in the
 * background, and whose end nobody was told, is left out: when its place was given back is the plugin's own knowledge.
 */
function crowdsIn(
  asked: readonly Asked[],
  claimsOf: ReadonlyMap<string, readonly Claim[]>,
  marks: readonly Mark[],
  world: World,
): readonly Violation[] {
  const calls = new Map(asked.map((call) => [call.id, call] as const));
  const spans = marks.flatMap(({ id, machine, lines }) => {
    const call = calls.get(id);
    const claims = claimsOf.get(id) ?? [];
    const isKnown =
      call?.told === true && claims.length > 0 && claims.every(({ outcome }) => outcome === "ran");
    if (!isKnown || lines === null || lines.end === null) return [];
    const most = world.mostAtOnce(call.fromMs, call.untilMs);
    return Number.isFinite(most) ? [{ id, machine, most, begin: lines.begin, end: lines.end }] : [];
  });
  return spans.flatMap(({ id, machine, most, begin }): Violation[] => {
    const atOnce = spans.filter((one) => one.machine === machine && one.begin <= begin && one.end > begin);
    if (atOnce.length <= most) return [];
    const facts = `${atOnce.length} on ${machine}, which may run ${most}: ${atOnce.map((one) => one.id).join(", ")}`;
    return [{ broken: "more at once than the machine may run", id, facts }];
  });
}

const placesOf = (marks: readonly Mark[]): string => marks.map(({ machine }) => machine).join(", ");
const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : "no time");
