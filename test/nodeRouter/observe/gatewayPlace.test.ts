// Where the gateway is said to be.
import { expect, test } from "vitest";
import { gatewayPlace } from "../../../src/nodeRouter/observe/gatewayPlace.ts";

const FACTS = { relay: "hkg", derpMap: null, timeZone: "Asia/Hong_Kong" } as const;
const SHANGHAI = { country: "CN", city: "Shanghai", source: "declared" } as const;
const TOKYO = { country: "JP", source: "declared" } as const;

test("it is where its own node is declared, not where its relay is", () => {
  expect(gatewayPlace({ declared: null, own: [SHANGHAI], ...FACTS })).toMatchObject(SHANGHAI);
});

test("what is declared of the gateway itself goes first", () => {
  expect(gatewayPlace({ declared: TOKYO, own: [SHANGHAI], ...FACTS })).toMatchObject(TOKYO);
});

test("without either it is where its relay is", () => {
  expect(gatewayPlace({ declared: null, ...FACTS })).toMatchObject({ country: "HK", source: "derp" });
});
