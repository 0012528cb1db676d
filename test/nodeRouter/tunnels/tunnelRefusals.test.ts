// The words for a tunnel that is not open: who has the port as far as anybody may see, and what was tried.
import { describe, expect, test } from "vitest";
import { exposed, forbidden, portTaken } from "../../../src/nodeRouter/tunnels/tunnelRefusals.ts";
import { refusalText } from "../../../src/shared/refusal.ts";

const PLACE = {
  node: "mac-sg",
  address: "claw@mac-sg",
  jump: null,
  at: "plugins.entries.node-router.config.nodes.mac-sg.ssh",
};

describe("a port that is taken", () => {
  test.each([
    [["ssh"], /by "ssh", such as an ssh -L that was started by hand\. End that/],
    [["sshd-session"], /by "sshd-session", which keeps a forward of another connection/],
    [["openclaw-gatewa"], /by "openclaw-gatewa", such as a gateway of its own/],
    [["nginx"], /by "nginx"\. End that/],
    [[], /by a program that this login may not look at \(another user's, or sshd for another connection\)\./],
  ])("by %j", (programs, words) => {
    expect(refusalText(portTaken(PLACE, 18_789, programs))).toMatch(words);
  });

  test("names the key by which another port is chosen, and makes a program's name harmless", () => {
    const text = refusalText(portTaken(PLACE, 18_789, ["a\u001b[2Jb"]));
    expect(text).toContain(`${PLACE.at}.tunnel to { port: … }`);
    expect(text).toContain("a\\u001b[2Jb");
  });
});

describe("what sshd forbids", () => {
  test.each([
    [{ anyPort: true, outward: true }, /it does listen on a port of its own choice/],
    [
      { anyPort: false, outward: true },
      /though it forwards connections the other way \(AllowTcpForwarding local/,
    ],
    [{ anyPort: false, outward: false }, /it forwards nothing for this login/],
  ])("with %j", (allowed, words) => {
    expect(refusalText(forbidden(PLACE, 18_789, allowed, true))).toMatch(words);
  });

  test("is not said to be free where nobody could see that", () => {
    const allowed = { anyPort: false, outward: false };
    expect(refusalText(forbidden(PLACE, 1, allowed, true))).toContain("127.0.0.1:1, where nobody listens;");
    expect(refusalText(forbidden(PLACE, 1, allowed, false))).toContain("127.0.0.1:1; it forwards nothing");
  });
});

test("an exposed port names at most five addresses, each made harmless", () => {
  const text = refusalText(exposed(PLACE, 18_789, ["0.0.0.0", "\u0007", "c", "d", "e", "f"]));
  expect(text).toContain('on "0.0.0.0", "\\u0007", "c", "d", "e", and not on loopback alone');
});
