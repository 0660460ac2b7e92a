import { access, constants, mkdir } from "node:fs/promises";
import path from "node:path";
import type { Config } from "./config.ts";
import { codeOf } from "./db/database-errors.ts";
import { EmbeddedPostgres } from "./db/embedded/embedded-postgres.ts";
import { migrate } from "./db/migrate.ts";
import { type DatabaseAddress, type OpenedDatabase, openDatabase } from "./db/open-database.ts";
import { installationStore } from "./db/stores/installation-store.ts";
import { BerthError } from "./domain/berth-error.ts";
import { StartupError } from "./domain/startup-error.ts";
import { SecretBox } from "./secrets/envelope.ts";
import { sealKeyCheck, verifyKeyCheck } from "./secrets/key-check.ts";
import { keyFilePath, makeKeyFile, readKeyFile } from "./secrets/key-file.ts";
import { type Keyring, parseKeyring } from "./secrets/keyring.ts";

type Log = { info(fields: object, message: string): void; warn(fields: object, message: string): void };

/** The database and the keys, open and fitting each other. */
export type OpenedData = OpenedDatabase & {
  address: DatabaseAddress;
  installationId: string;
  secrets: SecretBox;
  keyring: Keyring;
};

/** Makes the data folder, for its owner only. Throws StartupError. */
export async function prepareDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (cause) {
    if (codeOf(cause) === "ENOSPC")
      throw new StartupError(`The disk of ${directory} is full: free some space, then start again.`, { cause });
    throw new StartupError(
      `The data folder ${directory} cannot be written: make it this user's, or set BERTH_DATA_DIR to another.`,
      { cause },
    );
  }
}

/** Where PostgreSQL is: the one that was named, else the embedded one, started. Throws StartupError. */
async function locate(config: Config, log: Log): Promise<{ address: DatabaseAddress; stop(): Promise<void> }> {
  if (config.databaseUrl) return { address: { url: config.databaseUrl.reveal() }, stop: async () => undefined };
  const postgres = await EmbeddedPostgres.start({
    directory: path.join(config.dataDirectory, "postgres"),
    log: { info: (message) => log.info({}, message), warn: (message) => log.warn({}, message) },
  });
  return { address: postgres.address(), stop: () => postgres.stop() };
}

/** Whatever keeps the first queries from working, in a sentence. */
function startFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof BerthError && error.code === "DISK_FULL")
    return new StartupError("The database's disk is full: free some space, then start again.", { cause: error });
  if (error instanceof BerthError && error.code === "DATABASE_UNAVAILABLE")
    return new StartupError("The database does not answer: start it, or correct BERTH_DATABASE_URL.", { cause: error });
  if (code === "28P01" || code === "28000" || code === "3D000")
    return new StartupError("The database refuses the login: correct user, password and name in BERTH_DATABASE_URL.", {
      cause: error,
    });
  if (code === "42501")
    return new StartupError("The database user may not make tables: make it the owner of its database.", {
      cause: error,
    });
  return error;
}

/** A key is made only for a new installation: for an old one it would hide that the right one is lost. */
async function openKeyring(config: Config, isNew: boolean): Promise<Keyring> {
  if (config.secretKey) return parseKeyring(config.secretKey.reveal());
  const file = keyFilePath(config.dataDirectory);
  const text = await readKeyFile(file);
  if (text !== undefined) return parseKeyring(text);
  if (isNew) return parseKeyring(await makeKeyFile(file));
  throw new StartupError(
    `The secret key of this database is missing: put it back as ${file}, or set BERTH_SECRET_KEY.`,
  );
}

/** Opens the database, brings it up to date, and proves that the key is its own. Throws StartupError. */
export async function openData(config: Config, log: Log, given?: DatabaseAddress): Promise<OpenedData> {
  const { address, stop } = given ? { address: given, stop: async () => undefined } : await locate(config, log);
  const opened = openDatabase({
    address,
    poolSize: 20,
    onIdleError: (error) => log.warn({ err: error }, "a database connection was lost"),
  });
  const close = async () => {
    await opened.close();
    await stop();
  };
  try {
    const { applied } = await migrate(opened.db);
    if (applied.length > 0) log.info({ applied }, "the database schema was brought up to date");
    const installation = installationStore(opened.db);
    const keyring = await openKeyring(config, (await installation.find()) === undefined);
    const secrets = new SecretBox(keyring);
    if (!(await installation.find())) await installation.create(sealKeyCheck(secrets));
    const found = await installation.find();
    if (!found) throw new Error("The installation's row is gone.");
    verifyKeyCheck(secrets, found.keyCheck);
    return { ...opened, close, address, installationId: found.installationId, secrets, keyring };
  } catch (error) {
    await close();
    throw startFailure(error);
  }
}
