// By which id gateways know each other: random, made once, and kept in the state folder whatever the name becomes.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { withFileLock } from "../../../shared/fileLock.ts";
import { stateFile } from "../../../shared/stateFile.ts";

const ID = /^gw-[\da-f-]{36}$/;

/** `<state>/node-router/delegations`: records of tasks in `in` and `out`, who drives them, and the gateway's id. */
export function delegationsFolder(stateFolder: string): string {
  return join(stateFolder, "node-router", "delegations");
}

/** @param folder `delegationsFolder`. @throws what the disk says where it can be neither read nor made. */
export async function gatewayIdIn(folder: string): Promise<string> {
  const path = join(folder, "gateway-id");
  const file = stateFile(path);
  const known = (await file.read())?.trim() ?? "";
  if (ID.test(known)) return known;
  return withFileLock(path, async () => {
    const meanwhile = (await file.read())?.trim() ?? "";
    if (ID.test(meanwhile)) return meanwhile;
    const id = `gw-${randomUUID()}`;
    await file.write(`${id}\n`);
    return id;
  });
}
