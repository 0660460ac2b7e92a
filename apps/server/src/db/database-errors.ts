import { BerthError } from "../domain/berth-error.ts";

/** SQLSTATEs and socket errors that mean "the server is away", whatever the query was. */
const away = new Set([
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "53300", // too_many_connections
  "08000",
  "08001",
  "08003",
  "08004",
  "08006",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** The SQLSTATE or socket code of a driver's error. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The driver words a lost connection without any code. */
const lostConnection = /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered/;

/** Gives an unreachable database and a full disk their own codes; every other error stays as it is. */
export function databaseError(error: unknown): unknown {
  const code = codeOf(error);
  if (code === "53100") return new BerthError("DISK_FULL", "The database's disk is full.", { cause: error });
  const isLost = code === undefined && error instanceof Error && lostConnection.test(error.message);
  if (isLost || (code !== undefined && away.has(code)))
    return new BerthError("DATABASE_UNAVAILABLE", "The database does not answer.", { cause: error });
  return error;
}

/**
 * Runs a write and gives a violated constraint its meaning, e.g.
 * `onViolation({ organizations_name_key: () => new BerthError("NAME_TAKEN", …) }, () => insert.execute())`.
 * Constraints are the last word when two requests race, so stores need no look-up before a write.
 */
export async function onViolation<Result>(
  meanings: Readonly<Record<string, () => BerthError>>,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const isViolation = /^23\d{3}$/.test(codeOf(error) ?? "");
    const constraint = isViolation && error instanceof Error && "constraint" in error ? error.constraint : undefined;
    const meaning = typeof constraint === "string" ? meanings[constraint] : undefined;
    throw meaning ? meaning() : error;
  }
}
