// A rule's residency: countries that are none, and what it can never be met or kept by.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const SG = { tags: ["region=sg"], location: { country: "SG" } };
const rule = (residency: object, more: object = {}) => ({ name: "a", agents: ["x"], residency, ...more });
const lines = (residency: object, more: object = {}, config: object = {}) =>
  linesOf({ nodes: { box: SG }, rules: [rule(residency, more)], ...config });

describe("a country", () => {
  test("that ISO 3166-1 has is right", () => {
    expect(lines({ allow: ["SG", "HK"], onUnknown: "refuse", egress: false })).toEqual([]);
  });

  test.each([
    ["sg", '"sg" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "SG"?'],
    ["Singapore", '"Singapore" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "SG"?'],
    ["singapor", '"singapor" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "SG"?'],
    ["UK", 'ISO 3166-1 gives the code "UK" to no country | did you mean "GB"?'],
    [
      "EU",
      'ISO 3166-1 gives the code "EU" to no country | a region is no country: list its countries, such as "DE", "FR".',
    ],
    ["us-east-1", '"us-east-1" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "US"?'],
    ["XX", 'ISO 3166-1 gives the code "XX" to no country'],
  ])("%s is an error at its place, with what was meant", (country, said) => {
    expect(lines({ allow: ["SG", country] })).toEqual([`error rules[0].residency.allow[1]: ${said}`]);
  });

  test("twice is a warning", () => {
    expect(lines({ allow: ["SG", "SG"] })).toEqual([
      'warning rules[0].residency.allow[1]: "SG" is there twice',
    ]);
  });

  test("that is none takes the whole rule out, so that its calls are refused and not merely unbound", () => {
    const { rules, problems } = resolveConfig({ nodes: { box: SG }, rules: [rule({ allow: ["sg"] })] });
    expect(rules).toEqual([]);
    expect(problems).toMatchObject([{ code: "RESIDENCY_COUNTRY", agents: ["x"] }]);
  });
});

test.each([
  [{ allow: [] }],
  [{ allow: ["SG"], onUnknown: "allow" }],
  [{ allow: "SG" }],
  [{}],
  [{ allow: ["SG"], egres: true }],
])("%j is no residency: there is no way to write that the unknown is allowed", (residency) => {
  expect(resolveConfig({ rules: [rule(residency)] }).problems).toMatchObject([
    { code: "SHAPE_INVALID", agents: "*" },
  ]);
});

describe("a residency that cannot be kept is a warning", () => {
  test("for tools that no rule with residency speaks for, until one does", () => {
    const [line, ...others] = lines({ allow: ["SG"] }, { tools: ["exec"] });
    expect(others).toEqual([]);
    expect(line).toMatch(
      /^warning rules\[0\]\.tools: rule "a" keeps its calls in SG, and no rule with residency speaks for nodes, browser, .* of the same agents/,
    );
    const rules = [
      rule({ allow: ["SG"] }, { tools: ["exec"] }),
      { ...rule({ allow: ["SG"] }), name: "rest" },
    ];
    expect(linesOf({ nodes: { box: SG }, rules })).toEqual([]);
  });

  test("for the gateway as the way out, unless it is declared inside", () => {
    const out = { onUnavailable: "gateway" };
    const says =
      'warning rules[0].onUnavailable: rule "a" keeps its calls in SG, so onUnavailable: "gateway" never holds:';
    const gateway = (country: string) => ({ gateway: { location: { country } } });
    expect(lines({ allow: ["SG"] }, out)).toEqual([`${says} gateway.location.country is not set`]);
    expect(lines({ allow: ["SG"] }, out, gateway("CN"))).toEqual([
      `${says} gateway.location.country is "CN"`,
    ]);
    expect(lines({ allow: ["SG"] }, out, gateway("SG"))).toEqual([]);
  });

  test("for egress that nobody is asked about", () => {
    expect(lines({ allow: ["SG"], egress: true })).toEqual([
      'warning rules[0].residency.egress: rule "a" needs to know where its nodes\' packets leave, and presence.publicAddressUrl names no service that could tell, so no node ever fits',
    ]);
    const presence = { publicAddressUrl: "https://ip.example.com" };
    expect(lines({ allow: ["SG"], egress: true }, {}, { presence })).toEqual([]);
  });

  test("where none of its nodes declares such a country, unless its selector asks what nobody knows here", () => {
    const said = expect.stringMatching(
      /^warning rules\[0\]\.residency: rule "a": none of the nodes that it means declares/,
    );
    expect(lines({ allow: ["DE"] }, { require: "region=sg" })).toEqual([said]);
    expect(lines({ allow: ["DE"] }, { require: "tailscale.prod" })).toEqual([]);
    expect(lines({ allow: ["SG"] }, { require: "region=sg" })).toEqual([]);
  });
});
