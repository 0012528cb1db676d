// Connections outlive the registration that made them; what they load comes from the one that lives.
import { expect, test } from "vitest";
import { loadSshClient } from "../../../src/nodeRouter/workspace/loadSshClient.ts";
import {
  createRegistrations,
  type SshClient,
  type WorkspaceParts,
} from "../../../src/nodeRouter/workspace/registrations.ts";
import { arrange } from "./arrange.ts";

const GONE = new Error("Cannot find module 'client-52BFZWIC.js'");

async function arranged() {
  const { parts: base, stop } = await arrange();
  const client = await import("../../../src/nodeRouter/transports/ssh/client.ts");
  const parts = (loadSshClient: () => Promise<SshClient>): WorkspaceParts => ({ ...base, loadSshClient });
  const gone = () => parts(() => Promise.reject(GONE));
  return {
    client,
    parts,
    gone,
    whole: parts(async () => client),
    stop,
    registrations: createRegistrations(),
  };
}

test("the newest registration loads it, never the one before, whose files are gone", async () => {
  const { client, gone, whole, registrations, stop } = await arranged();
  registrations.add(gone());
  registrations.add(whole);
  expect(await loadSshClient(registrations)).toBe(client);
  await stop();
});

test("one that is replaced while it loads is asked no more; the next one is", async () => {
  const { client, parts, whole, registrations, stop } = await arranged();
  const first = registrations.add(
    parts(async () => {
      first.remove();
      registrations.add(whole);
      throw GONE;
    }),
  );
  expect(await loadSshClient(registrations)).toBe(client);
  await stop();
});

test("in the gap between two it waits for the next", async () => {
  const { client, gone, whole, registrations, stop } = await arranged();
  registrations.add(gone()).remove();
  const loaded = loadSshClient(registrations);
  registrations.add(whole);
  expect(await loaded).toBe(client);
  await stop();
});

test("files that are gone under the registration that lives are a fault, asked for once", async () => {
  const { parts, registrations, stop } = await arranged();
  let asked = 0;
  registrations.add(
    parts(() => {
      asked += 1;
      return Promise.reject(GONE);
    }),
  );
  await expect(loadSshClient(registrations)).rejects.toBe(GONE);
  expect(asked).toBe(1);
  await stop();
});
