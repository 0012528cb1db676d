// The shape of places: where a node or the gateway is, and what a rule's `near` means.
import * as Type from "@sinclair/typebox";
import { DEFAULT_EGRESS } from "./defaults.ts";
import { closed, stringEnum, text } from "./kinds.ts";
import { MAX_COUNTRIES, MAX_NAME_LENGTH } from "./limits.ts";

const name = (description?: string) => text(MAX_NAME_LENGTH, description);

const latitude = (description: string) => Type.Number({ minimum: -90, maximum: 90, description });
const longitude = (description: string) => Type.Number({ minimum: -180, maximum: 180, description });

const LOCATION = {
  country: Type.Optional(name('Country as ISO 3166-1 alpha-2 in capitals, for example "SG".')),
  city: Type.Optional(name('City in plain words, for example "Singapore".')),
  region: Type.Optional(name('State or province in plain words, for example "Bavaria".')),
  latitude: Type.Optional(latitude("Degrees north; needs longitude.")),
  longitude: Type.Optional(longitude("Degrees east; needs latitude.")),
  timeZone: Type.Optional(name('Time zone by its IANA name, for example "Asia/Singapore".')),
};

export const LocationSchema = closed(LOCATION, { description: "Where the node is, as declared by you." });

export const GatewaySchema = closed(
  {
    location: Type.Optional(
      closed(LOCATION, { description: "Where the gateway machine is, as declared by you." }),
    ),
  },
  { description: "The machine that the gateway runs on." },
);

export const ResidencySchema = closed(
  {
    allow: Type.Array(name(), {
      minItems: 1,
      maxItems: MAX_COUNTRIES,
      description: 'Countries as ISO 3166-1 alpha-2 in capitals, for example "SG".',
    }),
    onUnknown: Type.Optional(
      stringEnum(["refuse"], {
        default: "refuse",
        description: "A node of which nobody knows where it is, or of which that is disputed, gets no calls.",
      }),
    ),
    egress: Type.Optional(
      Type.Boolean({
        default: DEFAULT_EGRESS,
        description:
          "The node's own public address must be known too (presence.publicAddressUrl), and be in the same country.",
      }),
    ),
  },
  {
    description:
      "Countries in which the calls may run. Only a declared country or a tag country-… of the tailnet's policy grants; everything else can only object. Default: any place.",
  },
);

export const NearSchema = Type.Union(
  [
    name(),
    closed(
      { latitude: latitude("Degrees north."), longitude: longitude("Degrees east.") },
      { description: "A point." },
    ),
  ],
  {
    description:
      'Of the nodes that are preferred alike, the nearest wins: to "gateway", to a node by its inventory name, or to a point.',
  },
);
