import { type Kysely, sql } from "kysely";

/**
 * Registry tokens as replicas share them, with the lease of the one that fetches. `id` is a hash of identity, partition
 * and region; the token itself is an envelope.
 */
const statements = [
  `CREATE TABLE registry_tokens (
    id text PRIMARY KEY,
    token_envelope bytea,
    issued_at timestamptz,
    expires_at timestamptz,
    lease_holder text,
    lease_until timestamptz
  )`,
  `CREATE TRIGGER registry_tokens_notify AFTER UPDATE OR DELETE ON registry_tokens
    FOR EACH ROW EXECUTE FUNCTION berth_notify()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
