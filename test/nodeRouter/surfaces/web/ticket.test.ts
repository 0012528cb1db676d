// The ticket of the page, and the one route that takes it: who may read the data without the gateway's sign-in.
import { once } from "node:events";
import { get } from "node:http";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTickets, TICKET_MS, TICKET_SECRET } from "../../../../src/nodeRouter/surfaces/web/ticket.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";
import { NOW_MS } from "./fleet.ts";
import { startWebServer, type WebServer } from "./server.ts";

describe("a ticket", () => {
  const at = { ms: NOW_MS };
  const signIn = { auth: "token" };
  const tickets = createTickets(
    Buffer.alloc(32, "a"),
    () => at.ms,
    () => signIn.auth,
  );
  afterEach(() => {
    at.ms = NOW_MS;
    signIn.auth = "token";
  });

  test("is worth something for five minutes, and not before it was given", () => {
    const ticket = tickets.issue();
    const valid = (age: number): boolean => {
      at.ms = NOW_MS + age;
      return tickets.isValid(ticket);
    };
    expect([0, 1, TICKET_MS].map(valid)).toEqual([true, true, true]);
    expect([-1, TICKET_MS + 1, 24 * 60 * 60_000].map(valid)).toEqual([false, false, false]);
  });

  test("ends with the way in which one signed in, and with the process that gave it", () => {
    const ticket = tickets.issue();
    signIn.auth = "another token";
    expect(tickets.isValid(ticket)).toBe(false);
    signIn.auth = "token";
    expect(tickets.isValid(ticket)).toBe(true);
    const other = createTickets(
      Buffer.alloc(32, "b"),
      () => NOW_MS,
      () => "token",
    );
    expect(other.isValid(ticket)).toBe(false);
    expect(fakeDeps().memory.part(TICKET_SECRET).equals(fakeDeps().memory.part(TICKET_SECRET))).toBe(false);
  });

  test("cannot be prolonged, cut, lengthened or made up", () => {
    const ticket = tickets.issue();
    const [issued = "", mac = ""] = ticket.split(".");
    const later = (Number.parseInt(issued, 36) + 1).toString(36);
    for (const wrong of [
      `${later}.${mac}`,
      `0${ticket}`,
      `${ticket}x`,
      ticket.slice(0, -1),
      issued,
      `.${mac}`,
      "",
    ])
      expect([wrong, tickets.isValid(wrong)]).toEqual([wrong, false]);
    for (const wrong of [undefined, null, [ticket], 7]) expect(tickets.isValid(wrong)).toBe(false);
    fc.assert(fc.property(fc.string(), (wrong) => wrong === ticket || !tickets.isValid(wrong)));
    fc.assert(
      fc.property(fc.nat(mac.length - 1), fc.constantFrom(..."AZaz09-_"), (where, letter) => {
        const changed = `${mac.slice(0, where)}${letter}${mac.slice(where + 1)}`;
        // The last letter of 43 carries bits that nobody reads: it may be another one that means the same.
        const isSame = Buffer.from(changed, "base64url").equals(Buffer.from(mac, "base64url"));
        return isSame || !tickets.isValid(`${issued}.${changed}`);
      }),
    );
  });
});

describe("the route for tickets", () => {
  let server: WebServer;
  beforeAll(async () => {
    server = await startWebServer();
  });
  afterAll(() => server?.stop());
  afterEach(() => server.reset());

  const ask = (headers: Record<string, string>, method = "GET", query = ""): Promise<Response> =>
    fetch(`${server.origin}/node-router/page-data${query}`, { method, headers, redirect: "manual" });

  const ticketOfPage = async (): Promise<string> => {
    const html = await (await fetch(`${server.origin}/plugins/node-router/nodes`)).text();
    return /name="node-router-ticket" content="([^"]+)"/.exec(html)?.[1] ?? "none";
  };

  const frame = (ticket: string) => ({ Origin: "null", "X-Node-Router-Ticket": ticket });

  test("gives the page in its frame what nodes.json gives, read by no other origin and with no credentials", async () => {
    const answer = await ask(frame(await ticketOfPage()), "GET", "?detail=mac-sg&usage");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("null");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect([answer.headers.get("vary"), answer.headers.get("cache-control")]).toEqual(["Origin", "no-store"]);
    const signedIn = await fetch(`${server.origin}/plugins/node-router/nodes.json?detail=mac-sg&usage`);
    expect(await answer.json()).toEqual(await signedIn.json());
  });

  test("each page has a ticket of its time: that of a page long open is refused, that of a new one is not", async () => {
    const old = await ticketOfPage();
    server.nowMs += TICKET_MS + 1;
    expect((await ask(frame(old))).status).toBe(401);
    expect((await ask(frame(await ticketOfPage()))).status).toBe(200);
  });

  test("after the gateway's token changed no ticket of before is worth anything", async () => {
    const ticket = await ticketOfPage();
    server.signIn = "rotated";
    expect((await ask(frame(ticket))).status).toBe(401);
  });

  test.each([
    ["without a ticket", { Origin: "null" }],
    ["with a guess", frame(`zzzzzzzz.${"x".repeat(43)}`)],
    ["with the gateway's cookie instead", { Origin: "null", Cookie: "openclaw-plugin=v1.x.y" }],
  ])("%s nothing is read, and no origin learns that somebody is here", async (_, headers) => {
    server.nodes = new Error("was asked");
    const answer = await ask(headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(await answer.text()).not.toContain("mac-sg");
    expect(server.errors).toEqual([]);
  });

  test.each([
    ["another site", "https://example.com"],
    ["the gateway's own origin, which has its sign-in for that", "http://127.0.0.1:18789"],
  ])("a true ticket in the hands of %s is worth nothing", async (_, origin) => {
    const ticket = await ticketOfPage();
    for (const headers of [{ ...frame(ticket), Origin: origin }, { "X-Node-Router-Ticket": ticket }]) {
      const answer = await ask(headers);
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([401, null]);
    }
  });

  test("a ticket in the address, where logs would keep it, is not looked at", async () => {
    const ticket = encodeURIComponent(await ticketOfPage());
    expect((await ask({ Origin: "null" }, "GET", `?ticket=${ticket}&key=${"k".repeat(32)}`)).status).toBe(
      401,
    );
  });

  test("a browser that asks first is told of one header and one method, if it speaks for a frame", async () => {
    const asked = await ask(
      { Origin: "null", "Access-Control-Request-Headers": "x-node-router-ticket" },
      "OPTIONS",
    );
    expect(asked.status).toBe(204);
    expect(
      Object.fromEntries([...asked.headers].filter(([name]) => name.startsWith("access-control"))),
    ).toEqual({
      "access-control-allow-origin": "null",
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "x-node-router-ticket",
      "access-control-max-age": "600",
    });
    const other = await ask({ Origin: "https://example.com" }, "OPTIONS");
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  });

  test.each(["HEAD", "POST", "PUT", "DELETE"])("%s is refused with a ticket too", async (method) => {
    expect((await ask(frame(await ticketOfPage()), method)).status).toBe(405);
  });

  test.each(["/../../plugins/node-router/metrics", "?/plugins/node-router/nodes", "#/../nodes"])(
    "the path %j leads to nothing that the gateway guards, whatever the host makes of it",
    async (rest) => {
      // As it is written: fetch would tidy it up.
      const path = `/node-router/page-data${rest}`;
      const request = get(`${server.origin}/`, { path, headers: { Origin: "null" } });
      const [answer] = await once(request, "response");
      answer.resume();
      expect(answer.statusCode).toBe(401);
    },
  );

  test("a report that fails says why to the page and to nobody else", async () => {
    const ticket = await ticketOfPage();
    server.nodes = new Error("the list is gone");
    const answer = await ask(frame(ticket));
    expect([answer.status, await answer.json()]).toEqual([503, { error: "the list is gone" }]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("null");
    expect(await (await ask({ Origin: "null" })).text()).not.toContain("gone");
  });
});
