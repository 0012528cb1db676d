// What the doctor says of SSH settings: those that refuse, those that do not count, and an ssh that is not there.
import { expect, test } from "vitest";
import type { SshLook } from "../../../../src/nodeRouter/surfaces/doctor/finding.ts";
import { findingsOf } from "./arrange.ts";

const LOOK: SshLook = {
  node: "mac-sg",
  problem: null,
  notes: [],
  notAsked: null,
  configFile: "/home/gw/.ssh/config",
};
const NO_CLIENT = "no ssh client was found on the gateway's PATH";

const sshFindings = (...ssh: readonly SshLook[]) =>
  findingsOf({ doctor: { ssh } }).filter(({ id }) => id.startsWith("node-router/ssh-"));

test("settings that are sound and all count are no finding", () => {
  expect(sshFindings(LOOK)).toEqual([]);
});

test("settings that ssh refuses are an error with ssh's words, at the node's key", () => {
  const problem =
    'SSH_SETTINGS_INVALID: ssh refuses its settings for "mac-sg": "Bad owner or permissions on x"; mend that';
  expect(sshFindings({ ...LOOK, problem })).toMatchObject([
    {
      id: "node-router/ssh-settings",
      severity: "error",
      message: expect.stringContaining(problem),
      path: "plugins.entries.node-router.config.nodes.mac-sg.ssh",
    },
  ]);
});

test("what does not count is good to know, by its name", () => {
  expect(
    sshFindings({ ...LOOK, notes: ["ForwardAgent yes of mac-sg in ssh_config is not honoured"] }),
  ).toMatchObject([
    {
      id: "node-router/ssh-not-honoured",
      severity: "info",
      message: expect.stringContaining("ForwardAgent yes"),
    },
  ]);
});

test("without an ssh client a ~/.ssh/config that is there is an error, said once for all nodes", () => {
  const looks = ["mac-sg", "mac-cn"].map((node) => ({
    ...LOOK,
    node,
    notAsked: NO_CLIENT,
    notes: [NO_CLIENT],
  }));
  const found = sshFindings(...looks);
  expect(found).toMatchObject([{ id: "node-router/ssh-client-missing", severity: "error" }]);
  expect(found[0]?.message).toBe(
    `${NO_CLIENT}, so "/home/gw/.ssh/config" is not honoured: host names, users, keys and jump hosts in it do not count, and "mac-sg", "mac-cn" are reached by the plugin's own settings alone`,
  );
});

test("without an ssh client and without a ~/.ssh/config nothing is lost", () => {
  expect(sshFindings({ ...LOOK, notAsked: NO_CLIENT, configFile: null })).toMatchObject([
    { id: "node-router/ssh-client-missing", severity: "info" },
  ]);
});
