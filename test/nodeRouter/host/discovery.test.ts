// The variables by which OpenClaw says where its gateway is, with who says what.
import { expect, test } from "vitest";
import { discoveryOf } from "../../../src/nodeRouter/host/discovery.ts";
import { findingsOf } from "../surfaces/doctor/arrange.ts";

const SET = {
  OPENCLAW_TAILNET_DNS: "mac-cn.tail.ts.net.",
  OPENCLAW_SSH_PORT: "2222",
  OPENCLAW_DISABLE_BONJOUR: "1",
};

test("each variable that is set counts with its name as the source, without the last dot of a MagicDNS name", () => {
  expect(discoveryOf(SET, "host")).toEqual({
    address: { value: "mac-cn.tail.ts.net", source: "OPENCLAW_TAILNET_DNS" },
    sshPort: { value: 2222, source: "OPENCLAW_SSH_PORT" },
    isHidden: true,
  });
});

test("what is not set, or is no port, is the machine's own name and 22, and says so", () => {
  const plain = {
    address: { value: "host", source: "hostname" },
    sshPort: { value: 22, source: "default" },
    isHidden: false,
  };
  expect(discoveryOf({}, "host")).toEqual(plain);
  const odd = { OPENCLAW_TAILNET_DNS: " ", OPENCLAW_SSH_PORT: "70000", OPENCLAW_DISABLE_BONJOUR: "0" };
  expect(discoveryOf(odd, "host")).toEqual(plain);
});

test("the doctor says which hints reach nobody, and says nothing where there are none or they are told", () => {
  const found = (variables: Record<string, string>) =>
    findingsOf({ doctor: { discovery: discoveryOf(variables, "host") } }).filter(({ id }) =>
      id.endsWith("discovery-hidden"),
    );
  expect(found(SET)).toMatchObject([
    {
      severity: "info",
      message: expect.stringContaining(
        'OPENCLAW_TAILNET_DNS "mac-cn.tail.ts.net" and OPENCLAW_SSH_PORT 2222',
      ),
    },
  ]);
  expect(found({ OPENCLAW_DISABLE_BONJOUR: "1" })).toEqual([]);
  expect(found({ ...SET, OPENCLAW_DISABLE_BONJOUR: "" })).toEqual([]);
});
