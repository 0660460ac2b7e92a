import { type SelectQueryBuilder, sql } from "kysely";
import { z } from "zod";
import { notFound } from "../../domain/authorization.ts";
import { BerthError } from "../../domain/berth-error.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import type { RegistryReader, RegistryWriter } from "../../domain/registries/registries.ts";
import type { RegistryRecord, StoredCredential } from "../../domain/registries/registry.ts";
import type { CheckResult } from "../../domain/registries/registry-checks.ts";
import { onViolation } from "../database-errors.ts";
import type { Row } from "../schema.ts";
import type { Executor } from "../transaction.ts";

const Cursor = z.tuple([z.string(), z.uuid()]);
/** How many images a refusal names. */
const maxNamed = 20;

/** Registries as rows. Secrets leave only sealed, and only by `findCredential` and `lock`. */
export function registryStore(db: Executor): RegistryReader &
  RegistryWriter & {
    findCredential(id: string): Promise<StoredCredential | undefined>;
    recordCheck(id: string, generation: number, result: CheckResult): Promise<void>;
    holdHost(id: string): Promise<string | undefined>;
  } {
  const credential = (id: string) =>
    db
      .selectFrom("registries")
      .select(["id", "organization_id", "host", "access_key_id", "secret_envelope", "credential_generation"])
      .where("id", "=", id);

  return {
    async find(id) {
      const row = await selectRegistries(db).where("r.id", "=", id).executeTakeFirst();
      return row && registryFrom(row);
    },

    async list({ organizationId, name, limit, cursor }) {
      const after = decodeCursor(cursor, Cursor);
      let query = selectRegistries(db)
        .where("r.organization_id", "=", organizationId)
        .orderBy(sql`lower(r.name)`)
        .orderBy("r.id")
        .limit(limit + 1);
      if (name !== undefined) query = query.where(sql`lower(r.name)`, "=", sql`lower(${name})`);
      if (after) query = query.where(sql<boolean>`(lower(r.name), r.id) > (lower(${after[0]}), ${after[1]}::uuid)`);
      const page = pageFrom(await query.execute(), limit, (row) => [row.name, row.id]);
      return { ...page, items: page.items.map(registryFrom) };
    },

    async findCredential(id) {
      const row = await credential(id).executeTakeFirst();
      return row && credentialFrom(row);
    },

    async lock(id) {
      const row = await credential(id).forUpdate().executeTakeFirst();
      return row && credentialFrom(row);
    },

    async holdHost(id) {
      return (await db.selectFrom("registries").select("host").where("id", "=", id).forKeyShare().executeTakeFirst())
        ?.host;
    },

    async insert(registry) {
      await onViolation(
        {
          registries_name_key: () => nameTaken(registry.name),
          registries_organization_id_fkey: () => notFound("organization"),
        },
        () =>
          db
            .insertInto("registries")
            .values({
              id: registry.id,
              organization_id: registry.organizationId,
              name: registry.name,
              kind: registry.kind,
              host: registry.host,
              access_key_id: registry.accessKeyId,
              secret_envelope: registry.secretEnvelope,
              credentials_set_at: sql`now()`,
              credentials_set_by: registry.credentialsSetBy,
            })
            .execute(),
      );
    },

    async update(id, { name, host, credentials }) {
      const isReconnected = host !== undefined || credentials !== undefined;
      await onViolation({ registries_name_key: () => nameTaken(name ?? "") }, () =>
        db
          .updateTable("registries")
          .set({
            updated_at: sql`now()`,
            ...(name !== undefined && { name }),
            ...(host !== undefined && { host }),
            ...(credentials && {
              access_key_id: credentials.accessKeyId,
              secret_envelope: credentials.secretEnvelope,
              credentials_set_at: sql`now()`,
              credentials_set_by: credentials.setBy,
            }),
            ...(isReconnected && {
              credential_generation: sql`credential_generation + 1`,
              last_check_at: null,
              last_check_ok: null,
              last_check_code: null,
            }),
          })
          .where("id", "=", id)
          .execute(),
      );
    },

    async remove(id) {
      await db.deleteFrom("registries").where("id", "=", id).execute();
    },

    async repositoriesInUse(id) {
      const rows = await db
        .selectFrom("images")
        .select(["repository", sql<number>`count(*) OVER ()`.as("count")])
        .where("registry_id", "=", id)
        .orderBy("repository")
        .limit(maxNamed)
        .execute();
      return { repositories: rows.map(({ repository }) => repository), count: rows[0]?.count ?? 0 };
    },

    async recordCheck(id, generation, { at, ok, code }) {
      await db
        .updateTable("registries")
        .set({ last_check_at: at, last_check_ok: ok, last_check_code: code })
        .where("id", "=", id)
        .where("credential_generation", "=", generation)
        .execute();
    },
  };
}

function selectRegistries(db: Executor) {
  return db
    .selectFrom("registries as r")
    .leftJoin("users as u", "u.id", "r.credentials_set_by")
    .selectAll("r")
    .select(["u.username as set_by", imageCount.as("image_count")]);
}

const imageCount = sql<number>`(SELECT count(*) FROM images i WHERE i.registry_id = r.id)`;

type Selected<Query> = Query extends SelectQueryBuilder<infer _DB, infer _Tables, infer Output> ? Output : never;

function registryFrom(row: Selected<ReturnType<typeof selectRegistries>>): RegistryRecord {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    // The only kind that can be saved so far.
    kind: "ecr",
    host: row.host,
    accessKeyId: row.access_key_id,
    credentialsSetAt: row.credentials_set_at,
    credentialsSetBy: row.set_by,
    imageCount: row.image_count,
    lastCheck:
      row.last_check_at === null
        ? null
        : { at: row.last_check_at, ok: row.last_check_ok === true, code: row.last_check_code },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

type CredentialColumns =
  | "id"
  | "organization_id"
  | "host"
  | "access_key_id"
  | "secret_envelope"
  | "credential_generation";

function credentialFrom(row: Pick<Row<"registries">, CredentialColumns>): StoredCredential {
  return {
    registryId: row.id,
    organizationId: row.organization_id,
    host: row.host,
    accessKeyId: row.access_key_id,
    secretEnvelope: row.secret_envelope,
    generation: row.credential_generation,
  };
}

const nameTaken = (name: string) =>
  new BerthError("NAME_TAKEN", `There is a registry called ${name}.`, {
    errors: [{ path: "body.name", message: "This name is taken" }],
  });
