import type { Kysely } from "kysely";
import { up as foundation } from "./0001-foundation.ts";
import { up as registryTokens } from "./0002-registry-tokens.ts";

export type Migration = { version: number; name: string; up(db: Kysely<unknown>): Promise<void> };

/** Every schema change, in order. Append only: what is here has run somewhere. */
export const migrations: readonly Migration[] = [
  { version: 1, name: "foundation", up: foundation },
  { version: 2, name: "registry-tokens", up: registryTokens },
];
