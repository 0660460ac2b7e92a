import { createServer, type Server } from "node:http";
import { type Assembled, type AssembleOptions, assemble } from "./assemble.ts";
import { VirtualClock } from "./clock.ts";
import { CallLog, type LogEntry } from "./control/call-log.ts";
import { Faults } from "./control/faults.ts";
import {
  applySeed,
  type RepositorySeed,
  type Seed,
  type SeedResult,
  seedRepository,
  seedUser,
  type UserSeed,
} from "./control/seed.ts";
import type { Stats } from "./control/service.ts";
import { Throttling } from "./control/throttling.ts";
import { openDataDirectory, SandboxError } from "./data-directory.ts";
import { credentialsFile, type DefaultIdentities, ensureDefaultIdentities } from "./default-identities.ts";
import { registryHost } from "./http/endpoint.ts";
import type { AccessKey } from "./iam/identity-store.ts";
import { createHandler } from "./server.ts";

export type SandboxOptions = {
  /** Everything is kept here; one sandbox a directory. */
  dataDir: string;
  /** Address to listen on; 127.0.0.1 by default. */
  listen?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** The account of requests that name none; 000000000000 by default. */
  account?: string;
  /** The region of requests that name none; us-east-1 by default. */
  region?: string;
  clock?: VirtualClock;
  /** Applies AWS's default quotas; off by default. */
  throttling?: boolean;
  /** Requests kept in the log; 5000 by default. */
  logSize?: number;
  /** Told of exceptions that are bugs of the sandbox, after the client got a 500. */
  onBug?(error: unknown): void;
};

/** A running sandbox. */
export type Sandbox = DefaultIdentities & {
  /** `http://127.0.0.1:PORT`: endpoint of every AWS API. */
  url: string;
  /** `127.0.0.1:PORT`: registry of the default account for Docker and other clients without TLS. */
  host: string;
  port: number;
  account: string;
  region: string;
  dataDir: string;
  /** Bearer token of `/__sandbox`. */
  controlToken: string;
  clock: VirtualClock;
  faults: Faults;
  throttling: Throttling;
  /** The registry's name as on AWS: `000000000000.dkr.ecr.us-east-1.amazonaws.com`. */
  registryHost(account?: string, region?: string): string;
  /** Makes a user with policies and returns a key of it. */
  createUser(user: UserSeed): AccessKey;
  setKeyStatus(key: AccessKey, status: "Active" | "Inactive"): void;
  createRepository(repository: RepositorySeed): void;
  seed(seed: Seed): SeedResult;
  /** Latest requests, oldest first, each with its decision. */
  log(): readonly LogEntry[];
  clearLog(): void;
  stats(): Stats;
  /** Forgets repositories, images, users, faults, log and clock offset; the default users keep their keys. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

const defaultAccount = "000000000000";
const defaultRegion = "us-east-1";
/** How long requests under way may take to end when the sandbox closes. */
const graceMs = 2000;

function listenError(error: NodeJS.ErrnoException, listen: string, port: number): SandboxError {
  if (error.code === "EADDRINUSE") {
    const message = `Port ${port} on ${listen} is in use. Stop what listens there, or choose another with --port.`;
    return new SandboxError("SANDBOX_PORT_IN_USE", message, { cause: error });
  }
  const message = `The sandbox cannot listen on ${listen} port ${port}. Choose another address with --listen or --port.`;
  return new SandboxError("SANDBOX_CANNOT_LISTEN", message, { cause: error });
}

function assembleOrRelease(options: AssembleOptions): Assembled {
  try {
    return assemble(options);
  } catch (cause) {
    options.directory.release();
    const { path } = options.directory;
    const message = `The sandbox cannot read its state in ${path}. Restore it, or empty it with berth sandbox reset.`;
    throw new SandboxError("SANDBOX_STATE_UNREADABLE", message, { cause });
  }
}

/** Listens until `close`, which lets requests under way end first. */
async function listen(
  server: Server,
  address: string,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, address, port)));
    server.listen(port, address, resolve);
  });
  const taken = server.address();
  return {
    port: typeof taken === "object" && taken ? taken.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(impatience);
    },
  };
}

function displayName(address: string): string {
  if (address.includes(":")) return `[${address}]`;
  return address === "0.0.0.0" ? "127.0.0.1" : address;
}

/** Starts a sandbox AWS in this process. Throws `SandboxError` for a port or directory in use. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { account = defaultAccount, region = defaultRegion, listen: address = "127.0.0.1" } = options;
  const directory = openDataDirectory(options.dataDir);
  const clock = options.clock ?? new VirtualClock();
  const faults = new Faults();
  const log = new CallLog(options.logSize ?? 5000);
  const throttling = new Throttling(clock, options.throttling ?? false);
  const onBug = options.onBug ?? (() => undefined);
  const parts = assembleOrRelease({ directory, clock, faults, log, throttling, account, region, onBug });
  const release = async () => {
    await parts.close();
    directory.release();
  };
  const server = createServer({ maxHeaderSize: 64 * 1024, requestTimeout: 0, keepAliveTimeout: 65_000 });
  server.on("request", createHandler(parts.server));
  await parts.sweep();
  const identities = ensureDefaultIdentities(parts.seeding);
  directory.writeCredentials(credentialsFile(identities));
  const listener = await listen(server, address, options.port ?? 0).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const host = `${displayName(address)}:${listener.port}`;
  return {
    ...identities,
    ...helpers(parts, { account, region }),
    url: `http://${host}`,
    host,
    port: listener.port,
    account,
    region,
    dataDir: directory.path,
    controlToken: directory.controlToken,
    clock,
    faults,
    throttling,
    log: () => log.entries(),
    clearLog: () => log.clear(),
    async close() {
      await listener.close();
      await release();
    },
  };
}

function helpers({ seeding, stats, reset }: Assembled, defaults: { account: string; region: string }) {
  return {
    registryHost: (account = defaults.account, region = defaults.region) => registryHost(account, region),
    createUser: (user: UserSeed) => seedUser(seeding, user),
    setKeyStatus: ({ account, userName, accessKeyId }: AccessKey, status: "Active" | "Inactive") =>
      seeding.identities.setKeyStatus(account, userName, accessKeyId, status),
    createRepository: (repository: RepositorySeed) => seedRepository(seeding, repository),
    seed: (seed: Seed) => applySeed(seeding, seed),
    stats,
    reset,
  };
}
