// What the pool does next, as a function of what there is: cases, and a node of sessions without any wire.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterAsk,
  afterSpell,
  afterUse,
  noDemand,
} from "../../../../../src/nodeRouter/transports/ssh/pool/demand.ts";
import { plan } from "../../../../../src/nodeRouter/transports/ssh/pool/plan.ts";
import type {
  Occasion,
  PoolView,
  Waiting,
} from "../../../../../src/nodeRouter/transports/ssh/pool/planView.ts";
import { type Refusal, refusal } from "../../../../../src/shared/refusal.ts";

const PLAIN: Waiting = { isTerminal: false, isBackground: false };
const TERMINAL: Waiting = { isTerminal: true, isBackground: false };
const BACKGROUND: Waiting = { isTerminal: false, isBackground: true };
const REFUSAL = refusal("NODE_UNREACHABLE", "not tried");
const NO = refusal("NODE_UNREACHABLE", "no");

/** Nothing is open, and nothing is wanted. */
const COLD: PoolView = {
  queue: [],
  running: 0,
  isRunningHeard: false,
  opening: 0,
  keeper: "none",
  free: 0,
  warming: 0,
  isTried: false,
  isMakingRoom: false,
  stock: 0,
  isDemanded: false,
  connections: [],
  usable: 0,
  connecting: 0,
  isOnlyProbing: false,
  isFull: false,
  refusal: null,
  isClosing: false,
  presence: { isHeld: false, mayConnect: true, mayOpenKeeper: true },
};

const EMPTY = { room: 8, sessions: 0 };
/** One connection with its keeper and two shells. */
const WARM: PoolView = {
  ...COLD,
  keeper: "ready",
  free: 2,
  isTried: true,
  stock: 2,
  connections: [{ room: 5, sessions: 3 }],
  usable: 1,
};
/** The same, all of whose sessions are in use. */
const BUSY: PoolView = {
  ...WARM,
  free: 0,
  running: 7,
  isRunningHeard: true,
  connections: [{ room: 0, sessions: 8 }],
};

const refuse = (refusal: Refusal) => ({ do: "refuse", refusal });

describe("a change", () => {
  const cases: readonly [string, PoolView, readonly object[]][] = [
    ["opens nothing that nobody wants", COLD, []],
    ["connects for the first command", { ...COLD, queue: [PLAIN] }, [{ do: "connect" }]],
    ["connects once for many", { ...COLD, queue: [PLAIN, PLAIN], connecting: 1 }, []],
    [
      "opens the keeper first, and one shell to try the login",
      { ...COLD, queue: [PLAIN, PLAIN], stock: 4, connections: [EMPTY], usable: 1 },
      [
        { do: "openKeeper", on: EMPTY },
        { do: "openRunner", on: EMPTY },
      ],
    ],
    [
      "gives a command a shell, and opens another for it",
      { ...WARM, queue: [PLAIN] },
      [
        { do: "dispatch", command: PLAIN },
        { do: "openRunner", on: WARM.connections[0] },
      ],
    ],
    [
      "gives no command a shell without a keeper",
      { ...WARM, keeper: "coming", queue: [PLAIN] },
      [{ do: "openRunner", on: WARM.connections[0] }],
    ],
    [
      "gives terminals sessions of their own, whoever waits before them",
      { ...WARM, free: 0, stock: 0, queue: [PLAIN, TERMINAL], connections: [{ room: 1, sessions: 7 }] },
      [{ do: "openTerminal", command: TERMINAL, on: { room: 1, sessions: 7 } }, { do: "connect" }],
    ],
    [
      "ends a shell where a terminal finds no room",
      { ...WARM, queue: [TERMINAL], connections: [{ room: 0, sessions: 8 }] },
      [{ do: "makeRoom" }],
    ],
    [
      "ends a shell where the keeper finds no room",
      { ...WARM, keeper: "none", connections: [{ room: 0, sessions: 8 }] },
      [{ do: "makeRoom" }, { do: "connect" }],
    ],
    ["connects where a command finds no room", { ...BUSY, queue: [PLAIN] }, [{ do: "connect" }]],
    ["connects no third time at once", { ...BUSY, queue: [PLAIN], connecting: 2 }, []],
    ["connects no more than it may", { ...BUSY, queue: [PLAIN], isFull: true }, []],
    ["connects for no stock that is always kept", { ...BUSY, stock: 4 }, []],
    ["connects for a stock that is asked for", { ...BUSY, stock: 9, isDemanded: true }, [{ do: "connect" }]],
    [
      "connects one at a time for a stock that is asked for",
      { ...BUSY, stock: 9, isDemanded: true, connecting: 1 },
      [],
    ],
    [
      "risks no refusal for a stock that is asked for",
      { ...BUSY, stock: 9, isDemanded: true, refusal: REFUSAL },
      [],
    ],
    [
      "refuses commands while the node is not tried, and says why",
      { ...COLD, queue: [PLAIN], refusal: REFUSAL },
      [{ do: "retryLater" }, refuse(REFUSAL)],
    ],
    [
      "refuses them also while presence alone tries it",
      { ...COLD, queue: [PLAIN], refusal: REFUSAL, connecting: 1, isOnlyProbing: true },
      [refuse(REFUSAL)],
    ],
    [
      "refuses none that what runs may still make room for",
      { ...BUSY, queue: [PLAIN], refusal: REFUSAL },
      [{ do: "retryLater" }],
    ],
    [
      "refuses the background where nothing is open",
      { ...COLD, queue: [BACKGROUND] },
      [{ do: "refuseBackground" }],
    ],
    ["connects for no background", { ...BUSY, stock: 0, running: 0, queue: [BACKGROUND] }, []],
    [
      "probes for presence where nobody else wants a connection",
      { ...COLD, presence: { ...COLD.presence, isHeld: true } },
      [{ do: "probe" }],
    ],
  ];
  test.each(cases)("%s", (_name, view, actions) => {
    expect(plan(view, { is: "change" })).toEqual(actions);
  });
});

describe("a fault", () => {
  const fault = { is: "fault", refusal: NO, isKeeper: false } as const;
  test("tells all that wait where nothing else can serve them", () => {
    expect(plan({ ...COLD, queue: [PLAIN, TERMINAL] }, fault)).toEqual([refuse(NO)]);
  });
  test.each<[string, Partial<PoolView>]>([
    ["a connection is on its way", { connecting: 1 }],
    ["a shell is on its way", { warming: 1 }],
    ["a keeper is on its way", { keeper: "coming" }],
    ["a command that runs may make room", { running: 1, isRunningHeard: true }],
    ["a shell is ready", { keeper: "ready", free: 1 }],
  ])("tells nobody, and opens nothing, while %s", (_name, more) => {
    expect(plan({ ...COLD, queue: [PLAIN], ...more }, fault)).toEqual([]);
  });
  test("of the keeper tells all, whatever else is there: without one nothing serves them", () => {
    const view: PoolView = { ...BUSY, keeper: "none", queue: [PLAIN], warming: 1 };
    expect(plan(view, { ...fault, isKeeper: true })).toEqual([refuse(NO)]);
    expect(plan({ ...view, keeper: "ready" }, { ...fault, isKeeper: true })).toEqual([]);
  });
});

describe("the end of a spell", () => {
  test("ends the shells beyond the stock, and those alone", () => {
    expect(plan({ ...WARM, free: 9 }, { is: "spell", stock: 4 })).toEqual([{ do: "endFree", count: 5 }]);
    expect(plan({ ...WARM, free: 4 }, { is: "spell", stock: 4 })).toEqual([]);
    expect(
      plan({ ...WARM, free: 4, warming: 3, queue: [PLAIN, PLAIN, PLAIN] }, { is: "spell", stock: 4 }),
    ).toEqual([]);
  });
  test("closes connections on which nothing is left, and keeps one", () => {
    const keepers = { room: 3, sessions: 5 };
    expect(
      plan({ ...WARM, connections: [keepers, EMPTY, { ...EMPTY }], usable: 3 }, { is: "spell", stock: 4 }),
    ).toEqual([
      { do: "closeConnection", on: EMPTY },
      { do: "closeConnection", on: EMPTY },
    ]);
    expect(
      plan({ ...WARM, free: 0, connections: [{ ...EMPTY }, EMPTY], usable: 2 }, { is: "spell", stock: 4 }),
    ).toEqual([{ do: "closeConnection", on: EMPTY }]);
    expect(
      plan({ ...WARM, connections: [keepers, EMPTY], usable: 2, queue: [PLAIN] }, { is: "spell", stock: 4 }),
    ).toEqual([]);
  });
});

test("what nobody used for long is closed, or kept for presence without its shells", () => {
  expect(plan(WARM, { is: "idle" })).toEqual([{ do: "closeConnection", on: WARM.connections[0] }]);
  expect(plan({ ...WARM, presence: { ...WARM.presence, isHeld: true } }, { is: "idle" })).toEqual([
    { do: "endFree", count: 2 },
  ]);
});

test("presence opens what it lacks, at its own pace, and nothing while the pool closes", () => {
  const held: PoolView = { ...COLD, presence: { isHeld: true, mayConnect: true, mayOpenKeeper: true } };
  const open: PoolView = { ...held, connections: [EMPTY], usable: 1 };
  expect(plan(held, { is: "presence" })).toEqual([{ do: "probe" }]);
  expect(plan(COLD, { is: "presence" })).toEqual([]);
  expect(plan({ ...held, presence: { ...held.presence, mayConnect: false } }, { is: "presence" })).toEqual(
    [],
  );
  expect(plan(open, { is: "presence" })).toEqual([{ do: "openKeeper", on: EMPTY }]);
  expect(plan({ ...open, presence: { ...held.presence, mayOpenKeeper: false } }, { is: "presence" })).toEqual(
    [],
  );
  expect(plan({ ...open, isClosing: true }, { is: "presence" })).toEqual([]);
  expect(plan({ ...open, keeper: "ready" }, { is: "presence" })).toEqual([]);
});

interface Session {
  kind: "keeper" | "runner" | "terminal";
  state: "opening" | "ready" | "runs" | "leaves";
}
interface Command extends Waiting {
  state: "waits" | "opens" | "runs" | "over" | "refused";
  session: Session | null;
}
class SimConnection {
  limit = 8;
  readonly open: Session[] = [];

  get sessions(): number {
    return this.open.length;
  }

  get room(): number {
    return Math.max(0, this.limit - this.sessions);
  }
}
interface Server {
  readonly maxSessions: number;
  readonly connections: number;
  readonly floor: number;
}

/** A node as plain values: it does what the plan says, and minds that the plan asks for nothing that cannot be. */
class Sim {
  readonly #server: Server;
  #open: SimConnection[] = [];
  #attempts = 0;
  #isTried = false;
  #demand;
  readonly commands: Command[] = [];
  #queue: Command[] = [];

  constructor(server: Server) {
    this.#server = server;
    this.#demand = noDemand(server.floor);
  }

  ask(waiting: Waiting): void {
    const command: Command = { ...waiting, state: "waits", session: null };
    this.commands.push(command);
    const busy = this.#running.length + this.#queue.length + 1;
    if (!waiting.isTerminal && !waiting.isBackground) {
      this.#demand = afterAsk(this.#demand, this.#server.floor, busy, this.#isTried && this.free === 0);
    }
    this.#queue.push(command);
    this.advance();
  }

  /** The server answers one of the sessions that were asked for. */
  answer(which: number): void {
    const opening = this.#open.flatMap((connection) =>
      connection.open.filter(({ state }) => state === "opening").map((session) => ({ connection, session })),
    );
    const one = opening[which % Math.max(1, opening.length)];
    if (one === undefined) return;
    const { connection, session } = one;
    const command = this.commands.find((each) => each.session === session);
    const there = connection.open.filter(({ state }) => state !== "opening").length;
    if (there >= this.#server.maxSessions) {
      connection.open.splice(connection.open.indexOf(session), 1);
      connection.limit = Math.min(connection.limit, there);
      if (command !== undefined) this.#putBack(command);
    } else if (command === undefined) {
      session.state = "ready";
      if (session.kind === "runner") this.#isTried = true;
    } else if (this.#keeper === "ready") {
      session.state = "runs";
      command.state = "runs";
    } else {
      this.#end(session);
      this.#putBack(command);
    }
    this.advance();
  }

  arrive(isOk: boolean): void {
    if (this.#attempts === 0) return;
    this.#attempts -= 1;
    if (isOk) {
      this.#open.push(new SimConnection());
      this.advance();
    } else this.#act({ is: "fault", refusal: NO, isKeeper: false });
  }

  end(which: number): void {
    const command = this.#running[which % Math.max(1, this.#running.length)];
    if (command?.session == null) return;
    this.#end(command.session);
    command.state = "over";
    this.advance();
  }

  /** A shell or the keeper ends by itself. */
  lose(which: number): void {
    const ready = this.#sessions.filter(({ state }) => state === "ready");
    const session = ready[which % Math.max(1, ready.length)];
    if (session === undefined) return;
    this.#end(session);
    this.advance();
  }

  /** The shell that was to make room has ended. */
  leave(): void {
    const session = this.#sessions.find(({ state }) => state === "leaves");
    if (session === undefined) return;
    this.#end(session);
    this.advance();
  }

  cut(which: number): void {
    const [connection] = this.#open.splice(which % Math.max(1, this.#open.length), 1);
    for (const session of connection?.open ?? []) {
      const command = this.commands.find((each) => each.session === session);
      if (command?.state === "opens") this.#putBack(command);
      else if (command !== undefined) command.state = "over";
    }
    if (this.#open.length === 0) this.#isTried = false;
    this.advance();
  }

  spell(): void {
    const busy = this.#running.length + this.#queue.length;
    const { free, warming } = this.#view();
    this.#demand = afterSpell(this.#demand, this.#server.floor, { busy, free, warming });
    this.#act({ is: "spell", stock: this.#demand.stock });
  }

  /** Work of the background has waited too long. */
  timeOut(): void {
    for (const command of this.#queue) if (command.isBackground) command.state = "refused";
    this.#queue = this.#queue.filter(({ isBackground }) => !isBackground);
  }

  advance(): void {
    this.#act({ is: "change" });
  }

  /** Everything that is on its way arrives, and every command ends. */
  settle(): void {
    for (let at = 0; at < 2_000 && (this.isBusy || at === 0); at += 1) {
      this.arrive(true);
      this.answer(0);
      this.leave();
      this.end(0);
    }
  }

  get isBusy(): boolean {
    return (
      this.#attempts + this.#running.length > 0 ||
      this.#sessions.some(({ state }) => state === "opening" || state === "leaves")
    );
  }

  get free(): number {
    return this.#sessions.filter(({ kind, state }) => kind === "runner" && state === "ready").length;
  }

  get connections(): readonly SimConnection[] {
    return this.#open;
  }

  get #sessions(): readonly Session[] {
    return this.#open.flatMap(({ open }) => open);
  }

  get #running(): readonly Command[] {
    return this.commands.filter(({ state }) => state === "runs");
  }

  get #keeper(): PoolView["keeper"] {
    const keeper = this.#sessions.find(({ kind }) => kind === "keeper");
    return keeper === undefined ? "none" : keeper.state === "ready" ? "ready" : "coming";
  }

  #end(session: Session): void {
    for (const { open } of this.#open) if (open.includes(session)) open.splice(open.indexOf(session), 1);
  }

  #putBack(command: Command): void {
    Object.assign(command, { state: "waits", session: null });
    this.#queue.unshift(command);
  }

  #view(): PoolView<SimConnection, Command> {
    const opening = (kind: Session["kind"]) =>
      this.#sessions.filter((one) => one.kind === kind && one.state === "opening").length;
    return {
      ...COLD,
      queue: this.#queue,
      running: this.#running.length,
      isRunningHeard: this.#running.length > 0,
      opening: opening("terminal"),
      keeper: this.#keeper,
      free: this.free,
      warming: opening("runner"),
      isTried: this.#isTried,
      isMakingRoom: this.#sessions.some(({ state }) => state === "leaves"),
      stock: this.#demand.stock,
      isDemanded: this.#demand.stock > this.#server.floor,
      connections: this.#open,
      usable: this.#open.length,
      connecting: this.#attempts,
      isFull: this.#open.length + this.#attempts >= this.#server.connections,
    };
  }

  #act(occasion: Occasion): void {
    for (const action of plan(this.#view(), occasion)) {
      const ready = this.#sessions.find(({ kind, state }) => kind === "runner" && state === "ready");
      if (action.do === "dispatch") {
        expect([action.command.state, action.command.isTerminal, this.#keeper]).toEqual([
          "waits",
          false,
          "ready",
        ]);
        if (ready === undefined) throw new Error("no shell is ready for it");
        ready.state = "runs";
        Object.assign(action.command, { state: "runs", session: ready });
        this.#queue.splice(this.#queue.indexOf(action.command), 1);
        this.#demand = afterUse(this.#demand, this.free);
      } else if (action.do === "openTerminal") {
        expect([action.command.state, action.command.isTerminal, this.#keeper]).toEqual([
          "waits",
          true,
          "ready",
        ]);
        Object.assign(action.command, { state: "opens", session: this.#openOn(action.on, "terminal") });
        this.#queue.splice(this.#queue.indexOf(action.command), 1);
      } else if (action.do === "openRunner") this.#openOn(action.on, "runner");
      else if (action.do === "openKeeper") {
        expect(this.#keeper).toBe("none");
        this.#openOn(action.on, "keeper");
      } else if (action.do === "makeRoom") {
        if (ready === undefined) throw new Error("no shell is ready to go");
        ready.state = "leaves";
      } else if (action.do === "connect") {
        this.#attempts += 1;
        expect(this.#attempts).toBeLessThanOrEqual(2);
        expect(this.#open.length + this.#attempts).toBeLessThanOrEqual(this.#server.connections);
      } else if (action.do === "refuse" || action.do === "refuseBackground") {
        for (const one of this.#queue.splice(0)) one.state = "refused";
      } else if (action.do === "endFree") {
        expect(action.count).toBeLessThanOrEqual(this.free);
        const last = this.#open.flatMap(({ open }) => open).reverse();
        const free = last.filter(({ kind, state }) => kind === "runner" && state === "ready");
        for (const session of free.slice(0, action.count)) this.#end(session);
      } else if (action.do === "closeConnection") {
        expect(action.on.sessions).toBe(0);
        this.#open = this.#open.filter((one) => one !== action.on);
      } else throw new Error(`not asked for here: ${action.do}`);
    }
  }

  #openOn(connection: SimConnection, kind: Session["kind"]): Session {
    expect(connection.sessions).toBeLessThan(connection.limit);
    const session: Session = { kind, state: "opening" };
    connection.open.push(session);
    return session;
  }
}

const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      waiting: fc.constantFrom(PLAIN, PLAIN, PLAIN, TERMINAL, BACKGROUND),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("arrive" as const), isOk: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("spell" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const) }) },
);
const server: fc.Arbitrary<Server> = fc
  .record({
    maxSessions: fc.constantFrom(10, 8, 3, 2, 1),
    connections: fc.integer({ min: 1, max: 5 }),
    floor: fc.nat(4),
  })
  // With one session in all, the keeper would leave none for commands.
  .filter(({ maxSessions, connections }) => maxSessions * connections > 1);

test("a terminal that waits for the keeper takes no shell away from those that come, again and again", () => {
  const sim = new Sim({ maxSessions: 1, connections: 2, floor: 2 });
  sim.ask(PLAIN);
  sim.arrive(true);
  sim.answer(9);
  sim.answer(1);
  sim.ask(TERMINAL);
  sim.answer(3);
  sim.settle();
  expect(sim.commands.map(({ state }) => state)).toEqual(["over", "over"]);
});

test("no plan asks for what cannot be, all that wait are served or refused, and what is idle is given back", () => {
  fc.assert(
    fc.property(server, fc.array(event, { maxLength: 80 }), (limits, events) => {
      const sim = new Sim(limits);
      for (const one of events) {
        if (one.do === "ask") sim.ask(one.waiting);
        else if (one.do === "arrive") sim.arrive(one.isOk);
        else if (one.do === "spell") sim.spell();
        else if (one.do === "leave") sim.leave();
        else sim[one.do](one.which);
      }
      sim.advance();
      sim.settle();
      // What nobody asked for may wait until its time is over.
      sim.timeOut();
      const waiting = sim.commands.filter(({ state }) => state !== "over" && state !== "refused");
      expect(waiting).toEqual([]);
      for (let at = 0; at < 4; at += 1) {
        sim.spell();
        sim.settle();
      }
      expect(sim.free).toBeLessThanOrEqual(limits.floor);
      expect(sim.connections.filter(({ sessions }) => sessions === 0).length).toBeLessThanOrEqual(1);
    }),
    {
      numRuns: Number(process.env.RUNS ?? 300),
      ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}),
    },
  );
});
