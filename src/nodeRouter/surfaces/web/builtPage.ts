// The page's files, in a module of their own that is loaded when somebody looks. The build puts them in its place
// (scripts/support/pageAssets.ts); in the source there are none.
import type { PageAssets } from "./assets.ts";

export const page: PageAssets | null = null;
