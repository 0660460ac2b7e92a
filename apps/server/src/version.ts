import manifest from "../package.json" with { type: "json" };

/** One version for the whole product. */
export const serverVersion: string = manifest.version;
