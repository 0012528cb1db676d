// Reads and changes the config file that the environment names, by the host's own function, as the plugin has it do.
import { readFileSync } from "node:fs";
import { mutateConfigFile } from "openclaw/plugin-sdk/config-mutation";
import { writeValues } from "../../src/nodeRouter/setup/configChange.ts";
import { planEdit } from "../../src/nodeRouter/setup/edit/planEdit.ts";
import { hasComments, readConfigOnDisk } from "../../src/nodeRouter/surfaces/methods/configOnDisk.ts";
import { exportConfig } from "../../src/nodeRouter/surfaces/methods/exportMethod.ts";
import { fieldOf } from "../../src/shared/jsonParts.ts";

const how = { base: "source", afterWrite: { mode: "auto" } } as const;
const file = process.env.OPENCLAW_CONFIG_PATH ?? "";
const before = readFileSync(file, "utf8");
const exported = await exportConfig((mutate) => mutateConfigFile({ ...how, mutate }));
const hasTold = await readConfigOnDisk(
  (mutate) => mutateConfigFile({ ...how, mutate }),
  (_, context) => hasComments(String(fieldOf(fieldOf(context, "snapshot"), "raw"))),
);
const isUntouched = readFileSync(file, "utf8") === before;
const known = { agents: null, nodes: ["a"], sessionsOn: () => [] };
await mutateConfigFile({
  ...how,
  mutate(draft) {
    const config = draft.plugins?.entries?.["node-router"]?.config;
    const edit = { kind: "tag", node: "a", changes: ["gpu"] } as const;
    writeValues(draft, planEdit(config, edit, known).values);
  },
});
process.stdout.write(JSON.stringify({ exported, isUntouched, hasTold }));
// The host leaves timers behind.
process.exit();
