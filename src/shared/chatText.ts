// Text from outside for a chat, where a person is asked nothing first. Pure.
import { safe } from "./safeText.ts";

/**
 * The text so that it calls nobody, formats nothing and ends no line. SECURITY: chats read "@everyone" and
 * "<!channel>" as calls to people, "[…](…)" as a link, and "![…](…)" as an image that OpenClaw fetches for some of them; it
 * reads "[[…]]" as an order to itself.
 */
export function chatText(text: string): string {
  const said = safe(text).replaceAll("@", "＠").replaceAll("<", "‹").replaceAll(">", "›");
  return said.replace(/\[(?=\[)|\](?=[[\](])/g, "$& ").replaceAll("`", "'");
}
