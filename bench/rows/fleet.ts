import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { FakeEngine } from "@berth/provider/fake";
import { EmbeddedPostgres } from "../../apps/server/src/db/embedded/embedded-postgres.ts";
import { migrate } from "../../apps/server/src/db/migrate.ts";
import { openDatabase } from "../../apps/server/src/db/open-database.ts";
import { WorkspaceHarness } from "../../apps/server/src/testing/workspace-harness.ts";
import { insertPeopleAndImage } from "../../apps/server/src/testing/workspace-rows.ts";
import type { Row } from "../lib/row.ts";
import { figure, summarize } from "../lib/stats.ts";

const count = 500;
/** What an engine takes, so that the queue behind it is what is measured. */
const engineMs = { image: 20, container: 100, start: 300 };

/** Many workspaces started at once by one process, on an engine that only pretends; the database is real. */
export async function measureFleet(): Promise<Row[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-fleet-"));
  const quiet = { info: () => undefined, warn: () => undefined };
  const postgres = await EmbeddedPostgres.start({ directory, log: quiet });
  const address = postgres.address();
  const opened = openDatabase({ address, poolSize: 20, onIdleError: () => undefined });
  try {
    await migrate(opened.db);
    const database = { ...opened, address, drop: async () => undefined };
    const { actor, imageId } = await insertPeopleAndImage(database);
    const harness = await WorkspaceHarness.start({
      database,
      engine: new FakeEngine(engineMs),
      timing: { sweepMs: 5_000 },
    });
    try {
      const started = performance.now();
      const arrivals = await Promise.all(
        Array.from({ length: count }, async (_, at) => {
          const { id } = await harness.create(actor, imageId, `fleet-${at}`);
          await harness.untilRunning(id);
          return performance.now() - started;
        }),
      );
      const berth = summarize(arrivals);
      return [
        {
          id: "fleet",
          what: `${count} workspaces created at once, engine of ${engineMs.container + engineMs.start + engineMs.image} ms`,
          beside: "–",
          unit: "ms",
          berth,
          result: `last one after ${figure(berth.max / 1000)} s, ${harness.hub.size} agents connected`,
          goal: "last one ≤ 15 s, one process",
          isMet: berth.max <= 15_000 && harness.hub.size === count,
        },
      ];
    } finally {
      await harness.close();
    }
  } finally {
    await opened.close();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
