import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** A secret that can be nothing else, to be planted and then looked for everywhere. Alphanumeric, so it survives most encodings. */
export function createCanary(): string {
  return `Canary${randomBytes(16).toString("hex")}`;
}

/** How a secret may look after it went through common encodings: as it is, hexadecimal, and base64 at each offset. */
export function canaryForms(canary: string): string[] {
  const bytes = Buffer.from(canary);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // The first and last characters mix with their neighbours.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [canary, bytes.toString("hex"), ...base64];
}

/** Whether some text or bytes hold the secret in any of its forms. */
export function holdsCanary(haystack: string | Buffer, canary: string): boolean {
  const bytes = Buffer.from(haystack);
  return canaryForms(canary).some((form) => bytes.includes(form));
}

/** The files below a folder that hold the secret; sockets and pipes are passed over. */
export async function findInDirectory(folder: string, canary: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    // A file may vanish while it is looked for; then it holds nothing.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (holdsCanary(bytes, canary)) found.push(path.relative(folder, file));
  }
  return found.sort();
}

/** Runs one SQL statement; a `pg` client or pool is one. */
export type Queryable = { query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> };

/** The tables of a PostgreSQL database that hold the secret in any row, binary columns included. */
export async function findInTables(database: Queryable, canary: string): Promise<string[]> {
  const { rows } = await database.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const patterns = canaryForms(canary).map((form) => `%${form}%`);
  const found: string[] = [];
  for (const { name } of rows) {
    // A row as text shows bytea in hexadecimal, which is one of the forms.
    const hits = await database.query(`SELECT 1 FROM ${name} AS row WHERE row::text LIKE ANY ($1) LIMIT 1`, [patterns]);
    if (hits.rows.length > 0) found.push(String(name));
  }
  return found;
}
