import { sql } from "kysely";
import type { LogLine } from "../../domain/workspaces/ports.ts";
import type { BuildStep } from "../../domain/workspaces/workspace.ts";
import type { Executor } from "../transaction.ts";

/** The story of a build: its steps as they stand, and every line in the order it was told. */
export const buildLogStore = (db: Executor) => ({
  /** Where the story goes on: after these. */
  async position(buildId: string): Promise<{ seq: number; step: number }> {
    const row = await db
      .selectNoFrom([
        sql<number>`(SELECT coalesce(max(seq), 0) FROM build_log WHERE build_id = ${buildId})`.as("seq"),
        sql<number>`(SELECT coalesce(max(position), 0) FROM build_steps WHERE build_id = ${buildId})`.as("step"),
      ])
      .executeTakeFirstOrThrow();
    return { seq: Number(row.seq), step: Number(row.step) };
  },

  /** Writes lines and the steps they changed; repeating it changes nothing. */
  async append(buildId: string, steps: BuildStep[], lines: LogLine[]): Promise<void> {
    if (steps.length > 0) {
      await db
        .insertInto("build_steps")
        .values(
          steps.map((step) => ({
            build_id: buildId,
            position: step.position,
            step: step.id,
            title: step.title,
            status: step.status,
            detail: step.detail,
            started_at: step.startedAt,
            finished_at: step.finishedAt,
          })),
        )
        .onConflict((conflict) =>
          conflict.columns(["build_id", "position"]).doUpdateSet((eb) => ({
            status: eb.ref("excluded.status"),
            detail: eb.ref("excluded.detail"),
            finished_at: eb.ref("excluded.finished_at"),
          })),
        )
        .execute();
    }
    if (lines.length > 0) {
      await db
        .insertInto("build_log")
        .values(lines.map(({ seq, time, entry }) => ({ build_id: buildId, seq, time, entry })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  },

  async read(buildId: string, after: number, limit: number): Promise<LogLine[]> {
    return await db
      .selectFrom("build_log")
      .select(["seq", "time", "entry"])
      .where("build_id", "=", buildId)
      .where("seq", ">", after)
      .orderBy("seq")
      .limit(limit)
      .execute();
  },
});
export type BuildLogStore = ReturnType<typeof buildLogStore>;
