// What takes a node out of service, ready to be copied. The page cannot do it itself: OpenClaw lets the frame of a
// plugin only read, with `operator.read`. In a chat the same words act with the scopes of who types them.
import { html, outside } from "./dom.ts";

/** The commands that fit what the node is now. @param name of the node; @param isCordoned whether calls are kept away. */
export function maintenanceLines(name: string, isCordoned: boolean): HTMLElement {
  const quoted = /^[^\s"]+$/.test(name) ? name : `"${name}"`;
  const commands = isCordoned ? ["/uncordon", "/drain"] : ["/cordon", "/drain"];
  return html(
    "div",
    {},
    html(
      "p",
      { class: "quiet" },
      "Send it in a chat of the gateway; a time and a reason can follow: for 2h disk",
    ),
    html("ul", { class: "plain" }, ...commands.map((command) => line(`${command} ${quoted}`))),
  );
}

function line(text: string): HTMLElement {
  const code = html("code", {}, outside(text));
  const button = html("button", { type: "button", "aria-label": `Copy ${text}` }, "Copy");
  button.addEventListener("click", () => {
    // Selected, so that where the frame may not copy, the keys still can.
    document.getSelection()?.selectAllChildren(code);
    // The newer way is closed to a frame without an origin.
    if (document.execCommand("copy")) button.textContent = "Copied";
  });
  return html("li", { class: "command" }, code, " ", button);
}
