// A store of the state that no other process writes.
import type { SharedStore, TextStore } from "../../src/shared/stateFile.ts";

export function ownStore(store: TextStore): SharedStore {
  return { ...store, file: "of this process alone", alone: (work) => work() };
}
