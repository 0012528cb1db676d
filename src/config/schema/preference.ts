// The shape of a rule's wishes.
import * as Type from "@sinclair/typebox";
import { MAX_WEIGHT, MIN_WEIGHT } from "../../nodeRouter/placement/model/rule.ts";
import { closed, text } from "./kinds.ts";
import { MAX_SELECTOR_LENGTH } from "./limits.ts";

const selector = (description: string) => text(MAX_SELECTOR_LENGTH, description);

export const PreferenceSchema = closed(
  {
    selector: selector('Tag selector that the node should match, for example "gpu".'),
    weight: Type.Integer({
      minimum: MIN_WEIGHT,
      maximum: MAX_WEIGHT,
      description: "How much a match counts, -100 to 100; a negative weight steers away.",
    }),
  },
  { description: "A wish that ranks the nodes which may run the call." },
);
