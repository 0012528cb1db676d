// What takes a node out of service, ready to be copied. The page cannot do it itself: OpenClaw lets the frame of a
// plugin only read, with `operator.read`. In a chat the same words act with the scopes of who types them.
import { useState } from "preact/hooks";
import { CopyLine } from "./parts.tsx";

interface MaintenanceProps {
  readonly name: string;
  /** Whether calls are kept away from it now. */
  readonly isCordoned: boolean;
}

/** The commands that fit what the node is now, with the time and reason that are typed beside them. */
export function Maintenance({ name, isCordoned }: MaintenanceProps) {
  const [reason, setReason] = useState("");
  const quoted = /^[^\s"]+$/.test(name) ? name : `"${name}"`;
  const more = reason.trim() === "" ? "" : ` ${reason.trim()}`;
  const commands = isCordoned
    ? [`/uncordon ${quoted}`, `/drain ${quoted}${more}`]
    : [`/cordon ${quoted}${more}`, `/drain ${quoted}${more}`];
  return (
    <div>
      <p class="quiet">
        This page may only read, so send it in a chat of the gateway.{" "}
        <label>
          Time and reason:{" "}
          <input
            class="reason"
            type="text"
            placeholder="for 2h disk is swapped"
            autocomplete="off"
            value={reason}
            onInput={({ currentTarget: { value } }) => setReason(value)}
          />
        </label>
      </p>
      <ul class="plain">
        {commands.map((command) => (
          <CopyLine key={command} text={command} />
        ))}
      </ul>
    </div>
  );
}
