// The parts of a question that OpenClaw masks because they look like a secret. A mask can cover a command.
import { messageOf } from "../../shared/errors.ts";
import { safe } from "../../shared/safeText.ts";
import { functionOf } from "./hostFunction.ts";

export type Masks = (text: string) => Promise<MaskAnswer>;

export type MaskAnswer =
  | { readonly kind: "shown" }
  /** A part of it is replaced by `***` or the like. */
  | { readonly kind: "masked" }
  /** The host cannot be asked, so nobody knows what a person would see. */
  | { readonly kind: "unknown"; readonly fact: string };

/**
 * Asks the host's own masking, as its approvals apply it (`sanitizeExecApprovalWarningText`, OpenClaw 2026.9.6): to
 * the text, and to the text without what cannot be seen, of which ours has line feeds alone. Never throws.
 * @param load imports the host's module.
 */
export async function askHostMask(
  text: string,
  load: () => Promise<unknown> = loadHostModule,
): Promise<MaskAnswer> {
  try {
    const mask = functionOf(await load(), "redactSensitiveText");
    if (mask === null) return unknown('"openclaw/plugin-sdk/logging-core" exports no redactSensitiveText');
    const views = [text, text.replaceAll("\n", "")];
    return { kind: views.every((view) => mask(view, { mode: "tools" }) === view) ? "shown" : "masked" };
  } catch (error) {
    return unknown(safe(messageOf(error)));
  }
}

function unknown(fact: string): MaskAnswer {
  return { kind: "unknown", fact };
}

function loadHostModule(): Promise<unknown> {
  return import("openclaw/plugin-sdk/logging-core");
}
