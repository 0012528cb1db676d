// Where things go on the map: the projection, the great circle, and a layout in which nothing hides another.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edgeHints, isInside } from "../../../../../src/nodeRouter/surfaces/web/page/edgeHints.ts";
import {
  fitView,
  greatCircle,
  moved,
  pathThrough,
  project,
  toScreen,
  WORLD,
  worldView,
  zoomed,
} from "../../../../../src/nodeRouter/surfaces/web/page/geometry.ts";
import { type Box, cut, MAX_LABEL } from "../../../../../src/nodeRouter/surfaces/web/page/labels.ts";
import { layoutMap } from "../../../../../src/nodeRouter/surfaces/web/page/layout.ts";
import { viewByKey } from "../../../../../src/nodeRouter/surfaces/web/page/mapKeys.ts";
import { mapSpot } from "../../../../../src/nodeRouter/surfaces/web/page/mapNodes.ts";
import {
  GATEWAY,
  type MapInput,
  type MapNode,
  PEER,
} from "../../../../../src/nodeRouter/surfaces/web/page/mapShapes.ts";
import { gridPath, outlinePath, pathOf } from "../../../../../src/nodeRouter/surfaces/web/page/outline.ts";
import { WORST_FIRST } from "../../../../../src/nodeRouter/surfaces/web/page/rows.ts";
import type { GeoPoint } from "../../../../../src/shared/distance.ts";
import { distanceKm } from "../../../../../src/shared/distance.ts";

const SHANGHAI = { latitude: 31.23, longitude: 121.47 };
const SINGAPORE = { latitude: 1.35, longitude: 103.82 };
const SIZE = { width: 800, height: 420 };

const place = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

const mapNode = (name: string, at: GeoPoint, changes: Partial<MapNode> = {}): MapNode => ({
  name,
  state: "ready",
  place: at,
  where: "Singapore, SG",
  path: "direct",
  roundTrip: "72 ms",
  agents: [],
  ...changes,
});

const layout = (nodes: readonly MapNode[], changes: Partial<MapInput> = {}) =>
  layoutMap({ nodes, gateway: SHANGHAI, view: worldView(SIZE), size: SIZE, selected: null, ...changes });

describe("the projection", () => {
  test("keeps every place on the world, north up and east right", () => {
    fc.assert(
      fc.property(place, (at) => {
        const { x, y } = project(at);
        expect(Math.abs(x)).toBeLessThanOrEqual(WORLD.x + 1e-3);
        expect(Math.abs(y)).toBeLessThanOrEqual(WORLD.y + 1e-3);
        expect(Math.sign(x) * Math.sign(at.longitude)).toBeGreaterThanOrEqual(0);
        expect(Math.sign(y) * Math.sign(at.latitude)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("is Natural Earth: 0° 0° is the middle, and the pole is as far as d3-geo says", () => {
    expect(project({ latitude: 0, longitude: 0 })).toEqual({ x: 0, y: -0 });
    expect(project({ latitude: 90, longitude: 0 }).y).toBeCloseTo(-1.4223, 3);
    expect(project({ latitude: 0, longitude: 180 }).x).toBeCloseTo(2.7353, 3);
  });

  test("the outline and the grid lie in it, and are numbers only", () => {
    const file = new URL("../../../../../src/nodeRouter/surfaces/web/page/worldOutline.svg", import.meta.url);
    for (const path of [outlinePath(pathOf(readFileSync(file, "utf8"))), gridPath()]) {
      expect(path).toMatch(/^[MLZ0-9. -]+$/);
      const numbers = (path.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
      expect(numbers.length).toBeGreaterThan(100);
      expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(WORLD.x + 0.01);
    }
    expect(outlinePath("M10 -50l1 0 -1 .5zM-20 0l.5-1.5z")).toMatch(
      /^M\S+ \S+L\S+ \S+L\S+ \S+ZM\S+ \S+L\S+ \S+Z$/,
    );
  });
});

describe("the great circle", () => {
  test("begins and ends at its places and is nowhere longer than the way between them", () => {
    fc.assert(
      fc.property(place, place, (from, to) => {
        const way = greatCircle(from, to);
        const [first, last] = [way[0], way.at(-1)];
        expect(first && distanceKm(first, from)).toBeLessThan(1);
        expect(last && distanceKm(last, to)).toBeLessThan(1);
        const length = way
          .slice(1)
          .reduce((sum, step, index) => sum + distanceKm(way[index] ?? step, step), 0);
        expect(length).toBeLessThan(distanceKm(from, to) + 1);
      }),
    );
  });

  test("of one place with itself is no line that goes around the world", () => {
    expect(greatCircle(SHANGHAI, SHANGHAI)).toEqual([SHANGHAI, SHANGHAI]);
  });

  test("over the date line it leaves on one side and comes back on the other", () => {
    const view = worldView(SIZE);
    const way = greatCircle({ latitude: 35, longitude: 140 }, { latitude: 37, longitude: -122 });
    const path = pathThrough(
      way.map((step) => toScreen(project(step), view, SIZE)),
      2 * WORLD.x * view.scale,
    );
    expect(path.match(/M/g)).toHaveLength(2);
    expect(
      pathThrough(
        [
          { x: 0, y: 0 },
          { x: 5, y: 5 },
        ],
        100,
      ),
    ).toBe("M0 0L5 5");
  });
});

describe("the part of the map that is shown", () => {
  test("holds every node, with room for labels", () => {
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 20 }), (places) => {
        const points = places.map(project);
        const view = fitView(points, SIZE);
        const world = worldView(SIZE);
        if (view.scale === world.scale) return; // the world is as far out as it goes
        for (const point of points) {
          const { x, y } = toScreen(point, view, SIZE);
          expect(x).toBeGreaterThanOrEqual(60);
          expect(x).toBeLessThanOrEqual(SIZE.width - 60);
          expect(y).toBeGreaterThanOrEqual(60);
          expect(y).toBeLessThanOrEqual(SIZE.height - 60);
        }
      }),
    );
  });

  test("is the world without nodes, and does not dive into a single one", () => {
    expect(fitView([], SIZE)).toEqual(worldView(SIZE));
    expect(fitView([project(SINGAPORE)], SIZE).scale).toBeLessThanOrEqual(worldView(SIZE).scale * 6);
  });
});

const fleet = fc.array(
  fc.record({
    at: fc.oneof(place, fc.constant(SINGAPORE), fc.constant(SHANGHAI)),
    state: fc.constantFrom(...WORST_FIRST),
    path: fc.constantFrom("direct" as const, "relayed" as const, "idle" as const, null),
    agents: fc.array(fc.constantFrom("a", "b", "long-agent-name"), { maxLength: 4 }),
  }),
  { maxLength: 60 },
);
const nodesOf = (
  entries: readonly { at: GeoPoint; state: MapNode["state"]; path: MapNode["path"]; agents: string[] }[],
) => entries.map(({ at, ...rest }, index) => mapNode(`n${index}`, at, rest));

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe("the layout", () => {
  test("shows every node once, alone or in a group", () => {
    fc.assert(
      fc.property(fleet, (entries) => {
        const nodes = nodesOf(entries);
        const names = layout(nodes).markers.flatMap((marker) => marker.names);
        expect([...names].sort()).toEqual([GATEWAY, ...nodes.map(({ name }) => name)].sort());
      }),
    );
  });

  test("no label covers another, and all are inside the map", () => {
    fc.assert(
      fc.property(fleet, (entries) => {
        const boxes = layout(nodesOf(entries)).labels.map(({ box }) => box);
        for (const [index, box] of boxes.entries()) {
          expect(box.x >= 0 && box.y >= 0).toBe(true);
          expect(box.x + box.width <= SIZE.width && box.y + box.height <= SIZE.height).toBe(true);
          expect(boxes.slice(index + 1).filter((other) => overlap(box, other))).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the order in which nodes come changes nothing", () => {
    fc.assert(
      fc.property(fleet, (entries) => {
        const nodes = nodesOf(entries);
        expect(layout([...nodes].reverse()).markers).toEqual(layout(nodes).markers);
      }),
    );
  });

  test("three in one place stand around it; eight are one marker with a number", () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, index) => mapNode(`n${index}`, SINGAPORE));
    expect(layout(some(3)).markers.map(({ kind }) => kind)).toEqual(["gateway", "node", "node", "node"]);
    const spots = layout(some(3)).markers.map(({ x, y }) => `${x},${y}`);
    expect(new Set(spots).size).toBe(4);

    const group = layout(some(8)).markers.find(({ kind }) => kind === "group");
    expect(group?.names).toHaveLength(8);
    expect(group?.counts).toEqual([["ready", 8]]);
    expect(layout(some(8)).labels.map(({ title }) => title)).toContain("Singapore, SG");
  });

  test("a group that is not wholly in one place is not named after one", () => {
    const nodes = Array.from({ length: 8 }, (_, index) =>
      mapNode(`n${index}`, SINGAPORE, { where: index === 0 ? "Johor Bahru, MY" : "Singapore, SG" }),
    );
    expect(layout(nodes).labels.map(({ title }) => title)).toContain("8 nodes");
  });

  test("a peer is drawn alone however many nodes are in its place, beside a node of the same name, with its link and its own name", () => {
    const nodes = Array.from({ length: 8 }, (_, index) => mapNode(`n${index}`, SINGAPORE));
    const peers = [
      mapNode(`${PEER}n0`, SINGAPORE, { path: null }),
      mapNode(`${PEER}gw-sg`, { latitude: -30, longitude: 20 }, { state: "offline", path: null }),
    ];
    const { markers, links, labels } = layout(nodes, { peers });
    expect(markers.map(({ kind, names }) => [kind, names.length])).toEqual([
      ["gateway", 1],
      ["peer", 1],
      ["peer", 1],
      ["group", 8],
    ]);
    expect(labels.map(({ title }) => title)).toContain("gw-sg");
    expect(links.map(({ key, kind }) => [key, kind])).toEqual([
      ["n0", "direct"],
      [`${PEER}n0`, "unknown"],
      [`${PEER}gw-sg`, "cut"],
    ]);
    const alone = layout([mapNode("n0", SINGAPORE)], { peers: peers.slice(0, 1) });
    expect(alone.markers.map(({ key, kind }) => [key, kind])).toEqual([
      [GATEWAY, "gateway"],
      [`${PEER}n0`, "peer"],
      ["n0", "node"],
    ]);
  });

  test("a node in the gateway's own place does not hide it", () => {
    const [gateway, node] = layout([mapNode("beside", SHANGHAI)]).markers;
    expect(gateway?.kind).toBe("gateway");
    expect(
      Math.hypot((gateway?.x ?? 0) - (node?.x ?? 0), (gateway?.y ?? 0) - (node?.y ?? 0)),
    ).toBeGreaterThan(18);
  });
});

describe("links", () => {
  const linkOf = (changes: Partial<MapNode>) => layout([mapNode("n", SINGAPORE, changes)]).links[0];

  test.each([
    [{ path: "direct" }, "direct", "72 ms"],
    [{ path: "relayed" }, "relayed", "72 ms relayed"],
    [{ path: "peer-relay" }, "relayed", "72 ms relayed"],
    [{ path: "idle" }, "unknown", "72 ms"],
    [{ path: null }, "unknown", "72 ms"],
    [{ path: "direct", roundTrip: null }, "direct", undefined],
    [{ path: "direct", state: "offline" }, "cut", undefined],
  ] as const)("%j is %s, and says %s", (changes, kind, text) => {
    const link = linkOf(changes);
    expect([link?.kind, link?.text?.value]).toEqual([kind, text]);
  });

  test("carry whether an agent's commands go there", () => {
    expect(linkOf({ agents: ["worker-sg"] })?.routed).toBe(true);
    expect(linkOf({})?.routed).toBe(false);
  });

  test("there are none while nobody knows where the gateway is, and the nodes are shown all the same", () => {
    const { links, markers } = layout([mapNode("n", SINGAPORE)], { gateway: null });
    expect([links, markers.length]).toEqual([[], 1]);
  });

  test("a group has one, direct if one of it is", () => {
    const nodes = Array.from({ length: 9 }, (_, index) =>
      mapNode(`n${index}`, SINGAPORE, { path: index === 4 ? "direct" : "relayed" }),
    );
    expect(layout(nodes).links.map(({ kind, text }) => [kind, text])).toEqual([["direct", null]]);
  });
});

describe("a label's text", () => {
  test("is cut between what people see as letters, and short ones are not touched", () => {
    expect(cut("mac-sg")).toBe("mac-sg");
    expect(cut("x".repeat(500))).toBe(`${"x".repeat(MAX_LABEL - 1)}…`);
    expect(cut("👩‍👩‍👧‍👦".repeat(30), 3)).toBe("👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
    expect(cut("x".repeat(1e7)).length).toBe(MAX_LABEL);
  });
});

describe("a place of which only the country is known", () => {
  const place = { source: "declared", confidence: "high", detail: "", country: "CN" } as const;
  const middle = { of: "country", latitude: 35.65, longitude: 103.54 } as const;
  const vague: MapNode = {
    name: "mac-cn",
    state: "ready",
    place: { latitude: middle.latitude, longitude: middle.longitude },
    isVague: true,
    where: "CN",
    path: null,
    roundTrip: null,
    agents: [],
  };
  const input: MapInput = {
    nodes: [vague],
    gateway: null,
    view: worldView(SIZE),
    size: SIZE,
    selected: null,
  };

  test("is no point, also where GeoIP has coordinates for the whole country; a city's middle is one", () => {
    expect(mapSpot({ ...place, precision: "country", middle })).toMatchObject({ isVague: true });
    expect(mapSpot({ ...place, precision: "country", ...SHANGHAI })).toMatchObject({ isVague: true });
    expect(mapSpot({ ...place, precision: "city", middle: { ...middle, of: "city" } })).toMatchObject({
      isVague: false,
    });
    expect(mapSpot({ ...place, precision: "exact", ...SHANGHAI })).toEqual({ at: SHANGHAI, isVague: false });
    expect(mapSpot({ ...place, precision: "country" })).toBeNull();
    expect(mapSpot(null)).toBeNull();
  });

  test("has a ring around it, which a point never has", () => {
    expect(layoutMap(input).rings).toHaveLength(1);
    expect(layoutMap({ ...input, nodes: [{ ...vague, isVague: false }] }).rings).toEqual([]);
  });

  test("is not together with a point that happens to be at the country's middle", () => {
    const point: MapNode = { ...vague, name: "there", isVague: false };
    const { markers, rings } = layoutMap({ ...input, nodes: [vague, point] });
    expect(markers.map(({ names }) => names)).toEqual([["mac-cn"], ["there"]]);
    expect(rings).toHaveLength(1);
  });

  test("holds the gateway too where no more is known of it: one ring for both", () => {
    const { rings, markers } = layoutMap({ ...input, gateway: vague.place, isGatewayVague: true });
    expect(rings).toHaveLength(1);
    expect(markers).toHaveLength(2);
  });
});

describe("moving about", () => {
  const view = worldView(SIZE);

  test("zooming leaves what is pointed at where it is, in and out, up to the limits", () => {
    fc.assert(
      fc.property(
        fc.record({
          latitude: fc.integer({ min: -80, max: 80 }),
          longitude: fc.integer({ min: -170, max: 170 }),
        }),
        fc.double({ min: 1, max: 8, noNaN: true }),
        (place, factor) => {
          const around = toScreen(project(place), view, SIZE);
          const after = toScreen(project(place), zoomed(view, SIZE, factor, around), SIZE);
          expect(after.x).toBeCloseTo(around.x, 6);
          expect(after.y).toBeCloseTo(around.y, 6);
        },
      ),
    );
    expect(zoomed(view, SIZE, 1e9).scale).toBeCloseTo(24 * view.scale, 6);
    expect(zoomed(view, SIZE, 1e-9).scale).toBeCloseTo(view.scale, 6);
  });

  test("each arrow key moves the picture its own way, and a letter is none of the map's", () => {
    const seen = { size: SIZE, view, anchor: { x: 0, y: 0 } };
    const before = toScreen(project(SINGAPORE), view, SIZE);
    const wayOf = (key: string) => {
      const next = viewByKey(key, seen);
      if (next === null || typeof next === "string") throw new Error(`${key} moves nothing`);
      const { x, y } = toScreen(project(SINGAPORE), next, SIZE);
      return [Math.sign(Math.round(x - before.x)), Math.sign(Math.round(y - before.y))];
    };
    expect(wayOf("ArrowLeft")).toEqual([1, 0]);
    expect(wayOf("ArrowRight")).toEqual([-1, 0]);
    expect(wayOf("ArrowUp")).toEqual([0, 1]);
    expect(wayOf("ArrowDown")).toEqual([0, -1]);
    expect(viewByKey("0", seen)).toBe("nodes");
    expect(viewByKey("a", seen)).toBeNull();
    expect(viewByKey("Tab", seen)).toBeNull();
  });
});

describe("what is not on the part of the map that is seen", () => {
  const close = (nodes: readonly MapNode[]) => {
    const view = { middle: project(SINGAPORE), scale: worldView(SIZE).scale * 12 };
    return edgeHints(layout(nodes, { view }).markers, SIZE);
  };

  test("has an arrow at the edge that points there, and a click brings it to the middle", () => {
    const [hint, ...others] = close([mapNode("mac-sg", SINGAPORE)]);
    expect(others).toEqual([]);
    expect(hint).toMatchObject({ key: GATEWAY, text: "Gateway", y: 14 }); // Shanghai is north
    expect(hint?.angle).toBeGreaterThan(-90);
    expect(hint?.angle).toBeLessThan(-40);
    const view = { middle: project(SINGAPORE), scale: worldView(SIZE).scale * 12 };
    const there = moved(view, hint?.move.dx ?? 0, hint?.move.dy ?? 0);
    const { x, y } = toScreen(project(SHANGHAI), there, SIZE);
    expect([Math.round(x), Math.round(y)]).toEqual([SIZE.width / 2, SIZE.height / 2]);
  });

  test("is counted where several lie the same way, and has none where everything is seen", () => {
    const near = { latitude: 31.9, longitude: 121.2 };
    expect(close([mapNode("a", near), mapNode("b", SHANGHAI)]).map(({ text }) => text)).toEqual(["3"]);
    expect(edgeHints(layout([mapNode("a", SINGAPORE)]).markers, SIZE)).toEqual([]);
  });

  test("stands inside the map, once, wherever it is", () => {
    fc.assert(
      fc.property(fc.array(place, { maxLength: 30 }), place, (places, around) => {
        const nodes = places.map((at, index) => mapNode(`n${index}`, at));
        const view = { middle: project(around), scale: worldView(SIZE).scale * 8 };
        const { markers } = layout(nodes, { view });
        const hints = edgeHints(markers, SIZE);
        for (const hint of hints) expect(isInside(hint, SIZE)).toBe(true);
        expect(new Set(hints.map(({ key }) => key)).size).toBe(hints.length);
        expect(hints.length === 0).toBe(markers.every((marker) => isInside(marker, SIZE)));
      }),
    );
  });
});
