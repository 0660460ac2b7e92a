import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { EmbeddedPostgres } from "../db/embedded/embedded-postgres.ts";
import type { DatabaseAddress } from "../db/open-database.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The run's PostgreSQL, or why there is none. */
    postgres: { address: DatabaseAddress } | { unavailable: string };
  }
}

/** Starts one PostgreSQL for the whole test run; every test file makes databases of its own in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-pg-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const cluster = await EmbeddedPostgres.start({
      directory,
      // Tests do not survive a power cut anyway.
      settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "200" },
      log: { info: () => undefined, warn: () => undefined },
    });
    project.provide("postgres", { address: cluster.address() });
    return async () => {
      await cluster.stop();
      await remove();
    };
  } catch (error) {
    project.provide("postgres", { unavailable: error instanceof Error ? error.message : String(error) });
    return remove;
  }
}
