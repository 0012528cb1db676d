// Three real gateways: what one has taken of another it gives on as far as all of them allow, and never back.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Inbound, readInbound } from "../../src/nodeRouter/delegation/model/incoming.ts";
import type { DelegationsReport } from "../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import { readJson } from "../../src/shared/jsonParts.ts";
import type { JsonObject } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait.ts";
import { callAny, changeConfig, withRouter } from "./deployment.ts";
import { markedTasks } from "./markedTasks.ts";
import { startTwoGateways, type TwoGateways, untilOnline } from "./twoGateways.ts";

/** A busy machine takes its time. */
const PATIENT = { waitSeconds: 120, acceptWithinSeconds: 120 };

const tokenOf = (way: string): string => `token-of-${way}-with-32-characters-and-more`;

let two: TwoGateways | undefined;
let third: Gateway | undefined;
const gateways = (): { readonly a: Gateway; readonly b: Gateway; readonly c: Gateway } => {
  if (two === undefined || third === undefined) throw new Error("not started");
  return { a: two.a, b: two.b, c: third };
};

const startThird = async (): Promise<Gateway> => {
  third = await startGateway({ withPlugin: true });
  return third;
};
const at = ({ port }: Gateway): string => `http://127.0.0.1:${port}`;
const configure = (gateway: Gateway, router: JsonObject) =>
  changeConfig(gateway, (config) => withRouter(config, router));

function routerOfA(maxHops: number): JsonObject {
  return {
    gatewayName: "gw-a",
    peers: {
      "gw-b": {
        url: at(gateways().b),
        token: tokenOf("a-at-b"),
        accept: { token: tokenOf("b-at-a"), agents: ["worker-cn"] },
      },
    },
    delegation: { ...PATIENT, maxHops, rules: [{ name: "all", agents: ["master"], agent: "worker-sg" }] },
  };
}

beforeAll(async () => {
  await Promise.all([
    startTwoGateways().then((started) => {
      two = started;
    }),
    startThird(),
  ]);
  const { a, b, c } = gateways();
  await Promise.all([
    configure(a, routerOfA(2)),
    configure(b, {
      gatewayName: "gw-b",
      peers: {
        "gw-a": {
          url: at(a),
          token: tokenOf("b-at-a"),
          tags: ["back"],
          accept: { token: tokenOf("a-at-b"), agents: ["worker-sg"], mayDelegate: true },
        },
        "gw-c": { url: at(c), token: tokenOf("b-at-c"), tags: ["onward"] },
      },
      delegation: {
        ...PATIENT,
        maxHops: 8,
        rules: [{ name: "all", agents: ["worker-sg"], agent: "worker-cn" }],
      },
    }),
    configure(c, {
      gatewayName: "gw-c",
      peers: { "gw-b": { accept: { token: tokenOf("b-at-c"), agents: ["worker-cn"] } } },
      delegation: { maxHops: 8 },
    }),
  ]);
  await untilOnline(a, "gw-b");
  await untilOnline(b, "gw-a", "gw-c");
});
afterAll(async () => {
  await Promise.allSettled([two?.stop(), third?.stop()]);
});

const { marking, marks } = markedTasks(() => gateways().c);
const give = async (task: string): Promise<string> =>
  (await gateways().a.agent("master", callAny("delegate", { task, wait_seconds: 200 }))).results[0] ?? "";
const givenOn = (to: string, task: string): string => callAny("delegate", { to, task });
/** What C has on its disk of the task with this mark. */
const takenAtC = (name: string): Inbound | undefined => {
  const folder = join(gateways().c.home.stateDir, "node-router", "delegations", "in");
  const records = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return (
    records
      .map((file) => readInbound(readJson(readFileSync(join(folder, file), "utf8"))))
      .find((record) => record?.is === "task" && record.result?.includes(`done-${name}`)) ?? undefined
  );
};

describe("what a gateway has taken of another", () => {
  test("goes on to a third one where the peer may, and the answer comes all the way back", async () => {
    const text = await give(givenOn("onward", marking("chain")));
    expect(text).toContain("done-chain");
    expect(marks("chain")).toBe("start end");
    // The first one's limit goes with it, although both others allow more.
    expect(takenAtC("chain")).toMatchObject({
      peer: "gw-b",
      chain: [expect.any(String), expect.any(String)],
      maxHops: 2,
    });
  });

  test("is refused where it came from, and does nothing there", async () => {
    const text = await give(givenOn("back", "hello again"));
    expect(text).toContain("has come through this gateway already");
    const { delegations } = await gateways().a.rpc<DelegationsReport>("noderouter.delegations", {});
    expect(delegations.filter(({ direction }) => direction === "in")).toEqual([]);
  });

  test("goes through a sub-agent's hands as it goes through its own", async () => {
    await give(callAny("sessions_spawn", { task: givenOn("onward", marking("sub")) }));
    const taken = await waitFor("the third gateway to have done it", () => takenAtC("sub"));
    expect(taken).toMatchObject({ chain: [expect.any(String), expect.any(String)], maxHops: 2 });
    expect(marks("sub")).toBe("start end");
  });

  test("goes no further than the first one allows, by a sub-agent neither", async () => {
    await configure(gateways().a, routerOfA(1));
    await untilOnline(gateways().a, "gw-b");
    expect(await give(givenOn("onward", marking("near")))).toContain("would go through 2 gateways");
    await give(callAny("sessions_spawn", { task: givenOn("onward", marking("near-sub")) }));
    await waitFor("the sub-agent to be refused", () =>
      gateways().b.model.requests.some(({ session, messages }) => {
        const words = JSON.stringify(messages);
        return (
          session?.includes(":subagent:peer-") === false &&
          words.includes("near-sub") &&
          words.includes("would go through 2 gateways")
        );
      }),
    );
    expect([marks("near"), marks("near-sub")]).toEqual(["", ""]);
  });
});
