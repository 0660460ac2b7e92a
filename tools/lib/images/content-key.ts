import { createHash } from "node:crypto";

/** A short name for what an image is made from: another recipe, another key. */
export function contentKey(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

/** On every image made here, so that a changed recipe makes it anew. */
export const recipeLabel = "berth.recipe";
