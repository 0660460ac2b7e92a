import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BerthError } from "../domain/berth-error.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { onViolation } from "./database-errors.ts";
import { migrate } from "./migrate.ts";
import { migrations } from "./migrations/index.ts";
import { openDatabase } from "./open-database.ts";
import { transact } from "./transaction.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterAll(() => database?.drop());

describe("migrate", () => {
  test("of replicas that start at once, one does the work", async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => migrate(database.db)));
    const names = migrations.map(({ name }) => name);
    expect(outcomes.map(({ applied }) => applied).sort()).toEqual([[], [], names]);
  });

  test("leaves nothing of a step that fails", async () => {
    const failing = {
      version: 9000,
      name: "failing",
      up: async (db: Parameters<(typeof migrations)[number]["up"]>[0]) => {
        await sql`CREATE TABLE half_made (id integer)`.execute(db);
        await sql`SELECT 1 / 0`.execute(db);
      },
    };
    await expect(migrate(database.db, [...migrations, failing])).rejects.toThrow();
    const { rows } = await sql`SELECT to_regclass('half_made') AS found`.execute(database.db);
    expect(rows).toEqual([{ found: null }]);
    expect(await migrate(database.db)).toEqual({ applied: [] });
  });

  test("refuses a database that a newer version has been at", async () => {
    await expect(migrate(database.db, [])).rejects.toThrow(/is at schema \d+, and this version of Berth knows only 0/);
  });

  test("its list is in order, without gaps", () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });
});

describe("the database", () => {
  test("reads bigints as numbers and times as dates", async () => {
    const { rows } = await sql`SELECT 9007199254740991::bigint AS big, now() AS time`.execute(database.db);
    expect(rows).toEqual([{ big: Number.MAX_SAFE_INTEGER, time: expect.any(Date) }]);
    await expect(sql`SELECT 9007199254740992::bigint AS big`.execute(database.db)).rejects.toThrow(/safe integers/);
  });

  test("away is DATABASE_UNAVAILABLE, and back again works", async () => {
    const idle: Error[] = [];
    const opened = openDatabase({ address: database.address, poolSize: 2, onIdleError: (error) => idle.push(error) });
    const ask = () => sql`SELECT pg_backend_pid() AS pid`.execute(opened.db);
    const backAgain = () => expect.poll(() => ask().then(() => "back", String)).toBe("back");
    try {
      await Promise.all([ask(), ask()]);
      await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(database.db);
      await expect.poll(() => idle.length).toBeGreaterThan(0);
      await backAgain();
      const cut = sql`SELECT pg_terminate_backend(pg_backend_pid())`.execute(opened.db);
      await expect(cut).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
      await backAgain();
    } finally {
      await opened.close();
    }
    const gone = openDatabase({ address: { url: "postgres://127.0.0.1:9/x" }, onIdleError: () => undefined });
    await expect(sql`SELECT 1`.execute(gone.db)).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
    await gone.close();
  });

  test("gives a violated constraint its meaning, and leaves other errors alone", async () => {
    const insert = () =>
      database.db.insertInto("organizations").values({ id: crypto.randomUUID(), name: "twice" }).execute();
    await insert();
    const taken = { organizations_name_key: () => new BerthError("NAME_TAKEN", "taken") };
    await expect(onViolation(taken, insert)).rejects.toMatchObject({ code: "NAME_TAKEN" });
    await expect(onViolation({}, insert)).rejects.toMatchObject({ code: "23505" });
  });
});

describe("transact", () => {
  test("rolls back what failed", async () => {
    const transaction = transact(database.db, (tx) => tx);
    const work = transaction(async (tx) => {
      await tx.insertInto("organizations").values({ id: crypto.randomUUID(), name: "undone" }).execute();
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    const row = database.db.selectFrom("organizations").select("id").where("name", "=", "undone").executeTakeFirst();
    expect(await row).toBeUndefined();
  });

  test("repeats the loser of a deadlock", async () => {
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
    await database.db
      .insertInto("organizations")
      .values([
        { id: one, name: "one" },
        { id: two, name: "two" },
      ])
      .execute();
    const transaction = transact(database.db, (tx) => tx);
    const { promise: bothHold, resolve } = Promise.withResolvers<void>();
    let holding = 0;
    const lockBoth = (first: string, second: string, name: string) =>
      transaction(async (tx) => {
        const rename = (id: string) =>
          tx
            .updateTable("organizations")
            .set({ name: `${name}-${id}` })
            .where("id", "=", id)
            .execute();
        await rename(first);
        holding += 1;
        if (holding === 2) resolve();
        await bothHold;
        await rename(second);
      });
    await Promise.all([lockBoth(one, two, "a"), lockBoth(two, one, "b")]);
    expect(holding).toBeGreaterThan(2);
  });
});
