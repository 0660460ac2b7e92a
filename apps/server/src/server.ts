import path from "node:path";
import type { WorkspaceProvider } from "@berth/provider";
import type { Config } from "./config.ts";
import { codeOf } from "./db/database-errors.ts";
import { ChangeListener } from "./db/listen.ts";
import type { DatabaseAddress } from "./db/open-database.ts";
import { pingDatabase } from "./db/ping.ts";
import { StartupError } from "./domain/startup-error.ts";
import { createHttpApp } from "./http/app.ts";
import { type Listening, listenHttp } from "./http/listen.ts";
import { systemRoutes } from "./http/routes/system.ts";
import type { Logger } from "./logging/logger.ts";
import { createMetrics } from "./metrics.ts";
import { type OpenedData, openData, prepareDataDirectory } from "./open-data.ts";
import { derive } from "./secrets/keyring.ts";
import { wireAccounts } from "./wire-accounts.ts";
import { wireRegistries } from "./wire-registries.ts";
import { type WorkspacesOptions, wireWorkspaces } from "./wire-workspaces.ts";

export type ServerOptions = {
  config: Config;
  version: string;
  log: Logger;
  clock: () => Date;
  /** Where workspaces run. */
  openProvider(installationId: string): Promise<WorkspaceProvider>;
  /** A database in place of the configured one. */
  database?: DatabaseAddress;
  timing?: WorkspacesOptions["timing"];
};

export type RunningServer = {
  /** Where people reach it, ending in a slash. */
  url: string;
  port: number;
  /** For the first administrator; `null` once there is one. The token is in the fragment, so no proxy logs it. */
  setupUrl: string | null;
  /** Carried by everything this installation makes on the engine. */
  installationId: string;
  /** Stops everything, the database last. */
  close(): Promise<void>;
};

/** How long requests under way may take once the server stops. */
const graceMs = 10_000;

type Closer = () => Promise<void>;

/** Starts a whole server: database, workspaces, HTTP. Throws StartupError; then nothing is left running. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const closers: Closer[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse())
      await close().catch((error: unknown) => options.log.warn({ err: error }, "a part did not stop cleanly"));
  };
  try {
    await prepareDataDirectory(options.config.dataDirectory);
    const data = await openData(options.config, options.log, options.database);
    closers.push(() => data.close());
    const running = await compose(options, data, closers);
    return { ...running, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The routes' services on the opened database; what has to be stopped again is added to `closers`. */
async function compose(
  options: ServerOptions,
  data: OpenedData,
  closers: Closer[],
): Promise<Omit<RunningServer, "close">> {
  const { config, clock, log, version } = options;
  const { db } = data;
  const accounts = wireAccounts({ db, clock, version });
  if (config.admin)
    await accounts.setup.completeUnattended({ email: config.admin.email, password: config.admin.password.reveal() });
  const changes = await ChangeListener.start({
    address: data.address,
    onLost: (error) => log.warn({ err: error }, "the connection that hears of changes was lost"),
  });
  closers.push(() => changes.close());
  const registries = wireRegistries({
    db,
    changes,
    secrets: data.secrets,
    awsEndpoints: config.awsEndpoints,
    clock,
    log,
  });
  closers.push(() => registries.close());
  const workspaces = await wireWorkspacesOn(options, data, changes, registries);
  closers.push(() => workspaces.close());

  const stopping = new AbortController();
  const app = createApp(options, data, { accounts, registries, workspaces }, stopping.signal);
  await workspaces.start();
  const listening = await listenOn(app, config);
  closers.push(async () => {
    stopping.abort(new Error("The server is stopping."));
    await listening.close(graceMs);
  });
  const url = new URL(config.accessUrl);
  if (url.port === "0") url.port = String(listening.port);
  const token = await accounts.setup.issueToken();
  const setupUrl = token === undefined ? null : new URL(`setup#token=${token}`, url).href;
  return { url: url.href, port: listening.port, setupUrl, installationId: data.installationId };
}

async function wireWorkspacesOn(
  { config, clock, log, openProvider, timing }: ServerOptions,
  data: OpenedData,
  changes: ChangeListener,
  registries: ReturnType<typeof wireRegistries>,
) {
  const { imageSource, findImage } = registries;
  const [newest, ...older] = data.keyring;
  return wireWorkspaces({
    db: data.db,
    address: data.address,
    changes,
    provider: await openProvider(data.installationId),
    images: {
      resolveTag: (imageId, tag, signal) => imageSource.resolveTag(imageId, tag, signal),
      pullSource: (imageId, tag, digest) => imageSource.pullSource(imageId, tag, digest),
      pullCredential: (imageId, signal) => imageSource.pullCredential(imageId, signal),
      purge: (imageId) => imageSource.purge(imageId),
      findOffered: findImage,
    },
    socketDirectory: path.join(config.dataDirectory, "agents"),
    agentUrl: config.agentUrl,
    agentKeys: [derive(newest, "agent token"), ...older.map((key) => derive(key, "agent token"))],
    accessUrl: config.accessUrl,
    clock,
    log,
    ...(timing ? { timing } : {}),
  });
}

type Parts = {
  accounts: ReturnType<typeof wireAccounts>;
  registries: ReturnType<typeof wireRegistries>;
  workspaces: ReturnType<typeof wireWorkspaces>;
};

function createApp(
  { config, log, version }: ServerOptions,
  { db }: OpenedData,
  { accounts, registries, workspaces }: Parts,
  stopping: AbortSignal,
) {
  const metrics = createMetrics();
  const authenticator = accounts.authentication;
  const { accessUrl } = config;
  const system = { authenticator, accessOrigin: accessUrl.origin, version, metrics };
  return createHttpApp({
    handlers: { ...accounts.handlers, ...registries.handlers, ...workspaces.handlers },
    upgrades: workspaces.upgrades,
    otherUpgrade: (message, socket, head) => workspaces.agentUpgrade(message, socket, head),
    authenticator,
    accessUrl,
    log,
    observe: metrics.observeRequest,
    stopping,
    extend: systemRoutes({ ...system, pingDatabase: () => pingDatabase(db) }),
  });
}

async function listenOn(app: ReturnType<typeof createHttpApp>, { listen }: Config): Promise<Listening> {
  try {
    return await listenHttp(app, listen);
  } catch (cause) {
    const where = `${listen.host}:${listen.port}`;
    const code = codeOf(cause);
    if (code === "EADDRINUSE")
      throw new StartupError(
        `Port ${listen.port} of ${listen.host} is in use: stop what listens there, or set BERTH_PORT to another.`,
        { cause },
      );
    if (code === "EACCES")
      throw new StartupError(`This user may not listen on ${where}: set BERTH_PORT to a port above 1023.`, { cause });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
      throw new StartupError(`${listen.host} is no address of this machine: correct BERTH_LISTEN.`, { cause });
    throw cause;
  }
}
