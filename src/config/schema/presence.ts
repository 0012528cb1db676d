// The shape of `presence`: how the plugin finds out where nodes are and whether they can be reached.
import * as Type from "@sinclair/typebox";
import { DEFAULT_PRESENCE_CONNECT } from "./defaults.ts";
import { closed, text } from "./kinds.ts";
import { MAX_PATH_LENGTH, MAX_URL_LENGTH } from "./limits.ts";

export const PresenceSchema = closed(
  {
    connect: Type.Optional(
      Type.Boolean({
        default: DEFAULT_PRESENCE_CONNECT,
        description:
          "Open SSH connections before a call needs them, so that it is known which nodes with SSH can be reached.",
      }),
    ),
    geoipFile: Type.Optional(
      Type.Union([text(MAX_PATH_LENGTH), Type.Literal(false)], {
        description:
          "GeoIP file (MMDB) on the gateway machine. Default: the one that OpenClaw's geolocation plugin keeps. false: none. Nothing is downloaded.",
      }),
    ),
    publicAddressUrl: Type.Optional(
      text(
        MAX_URL_LENGTH,
        "https address that answers with the caller's IP address in plain text. Nodes with SSH ask it with curl or wget, paired nodes with this plugin by themselves. Default: nobody is asked.",
      ),
    ),
  },
  { description: "How the plugin finds out where nodes are and whether they can be reached." },
);
