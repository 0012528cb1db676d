// The oracle: what was told of each call against the marks that it left. Pure; it knows nothing of the plugin's code.

/** `left`: no rule speaks for it, and OpenClaw ran it. */
export type Outcome = "ran" | "running" | "refused" | "not-started" | "unknown" | "left";

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
}

export interface Mark {
  readonly id: string;
  readonly machine: string;
}

/** What held when. */
export interface World {
  /** Machines on which the rules allowed the agent at some moment of that time. */
  allowed(agent: string, fromMs: number, untilMs: number): ReadonlySet<string>;
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
  | "a place that was cordoned"
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
  const never = claims.filter(({ outcome }) => outcome === "refused" || outcome === "not-started");
  const mayHave = claims.filter(({ outcome }) => outcome === "unknown" || outcome === "running");
  const found: Broken[] = [];
  if (began.length > 0 && never.length > 0) found.push("two outcomes");
  if (began.length > 0 && marks.length === 0) found.push("ran, and left no mark");
  if (never.length > 0 && marks.length > 0) found.push("did not run, and left a mark");
  const isElsewhere = [...began, ...mayHave].some(
    ({ node }) => node !== null && marks.some(({ machine }) => machine !== node),
  );
  if (isElsewhere) found.push("ran, and its mark is elsewhere");
  return found;
}

const placesOf = (marks: readonly Mark[]): string => marks.map(({ machine }) => machine).join(", ");
const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : "no time");
