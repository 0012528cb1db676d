// Where the host keeps skills and attachments: read from the host itself, so that an update that moves them is noticed.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import {
  HOST_ATTACHMENTS,
  hostSources,
  NODE_ATTACHMENTS,
} from "../../../../src/nodeRouter/workspace/mirror/hostSources.ts";

const DIST = join(import.meta.dirname, "../../../../node_modules/openclaw/dist");

function hostCode(start: string): string {
  const [file = ""] = readdirSync(DIST).filter((name) => name.startsWith(start) && name.endsWith(".mjs"));
  return readFileSync(join(DIST, file), "utf8");
}

test("the skills that the host copies for a sandbox become the folder that its prompt names", () => {
  expect(hostCode("sandbox-workspace-paths-")).toContain('[".openclaw", "sandbox-skills"]');
  expect(hostCode("workspace-skill-sync.runtime-")).toContain('".openclaw-sync.json"');
  const [skills] = hostSources({ workspaceDir: "/ws", skillsWorkspaceDir: "/state/skills/x" });
  expect(skills).toMatchObject({
    localDir: "/state/skills/x",
    remoteDir: ".openclaw/sandbox-skills",
    mode: "mirror",
    completeMark: "skills/.openclaw-sync.json",
  });
});

test("only files that the host has staged are brought from the inbound folder, and they are only added", () => {
  expect(hostCode("staged-inputs-")).toContain('"media/inbound/openclaw-staged-"');
  const [inbound, ...more] = hostSources({ workspaceDir: "/ws" });
  expect(more).toEqual([]);
  expect(inbound).toMatchObject({
    localDir: join("/ws", "media/inbound"),
    remoteDir: "media/inbound",
    mode: "add",
  });
  expect(inbound?.include?.("openclaw-staged-1/input-a")).toBe(true);
  expect(inbound?.include?.("private.txt")).toBe(false);
});

test("a sub-agent's attachments go below the workspace: nobody can make the folder that the host names", () => {
  expect(hostCode("subagent-attachment-paths-")).toContain(`"${HOST_ATTACHMENTS}"`);
  const mounts = [
    { hostPath: "/state/attachments/x", containerPath: HOST_ATTACHMENTS },
    { hostPath: "/other", containerPath: "/srv/other" },
  ];
  const [, attachments, other] = hostSources({ workspaceDir: "/ws", readOnlyResourceMounts: mounts });
  expect(attachments).toMatchObject({
    localDir: "/state/attachments/x",
    remoteDir: NODE_ATTACHMENTS,
    mode: "add",
  });
  expect(dirname(NODE_ATTACHMENTS)).toBe(".openclaw");
  expect(other).toMatchObject({ remoteDir: "/srv/other", mode: "add" });
});
