import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Client, createClient, type OrganizationRole, type SiteRole, type User } from "@berth/api";
import type { WorkspaceProvider } from "@berth/provider";
import { FakeProvider } from "@berth/provider/fake";
import type { AwsEndpoint, Config } from "../config.ts";
import { createLogger } from "../logging/logger.ts";
import { type RunningServer, type ServerOptions, startServer } from "../server.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

export type TestServerOptions = {
  provider?: WorkspaceProvider;
  awsEndpoints?: ReadonlyMap<string, AwsEndpoint>;
  clock?: () => Date;
  timing?: ServerOptions["timing"];
  /** Leaves set-up to the test. */
  withoutAdmin?: boolean;
};

/** Somebody who is signed in with an API token. */
export type TestUser = { user: User; token: string; client: Client };

export type TestServer = {
  url: string;
  setupUrl: string | null;
  database: TestDatabase;
  /** The default organization. */
  organizationId: string;
  /** The first administrator. */
  admin: TestUser;
  /** Every log line so far. */
  logs: string[];
  /** Adds a user; without a role in the default organization they are no member of it. */
  addUser(roles?: { site?: SiteRole; organization?: OrganizationRole | null }): Promise<TestUser>;
  /** A request below the server's URL, as it is: no token, no parsing. */
  fetch(pathname: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

const password = "correct horse battery";

async function signIn(url: string, email: string): Promise<TestUser> {
  const token = { name: "test", expiresInDays: 365 };
  const signedIn = await createClient({ baseUrl: url }).login({ body: { email, password, token } });
  const value = signedIn.token ?? "";
  return { user: signedIn.user, token: value, client: createClient({ baseUrl: url, token: value }) };
}

async function setUp(running: RunningServer): Promise<TestUser> {
  const token = new URL(running.setupUrl ?? "").hash.replace("#token=", "");
  const email = "ada@example.com";
  await createClient({ baseUrl: running.url }).completeSetup({ body: { token, email, username: "ada", password } });
  return await signIn(running.url, email);
}

function configFor(dataDirectory: string, awsEndpoints: Config["awsEndpoints"]): Config {
  return {
    accessUrl: new URL("http://localhost:0"),
    listen: { host: "127.0.0.1", port: 0 },
    dataDirectory,
    databaseUrl: undefined,
    secretKey: undefined,
    admin: undefined,
    agentUrl: undefined,
    agentRuntimeDirectory: dataDirectory,
    engine: { dockerHost: undefined, runtimeDirectory: undefined },
    awsEndpoints,
  };
}

/** Starts the whole server in this process, on a database of its own. */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), "berth-server-"));
  const database = await createTestDatabase();
  const logs: string[] = [];
  const running = await startServer({
    config: configFor(dataDirectory, options.awsEndpoints ?? new Map()),
    version: "0.0.0-test",
    log: createLogger({ write: (line) => logs.push(line) }),
    clock: options.clock ?? (() => new Date()),
    openProvider: async () => options.provider ?? new FakeProvider(),
    database: database.address,
    ...(options.timing ? { timing: options.timing } : {}),
  });
  const close = async () => {
    await running.close();
    await database.drop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
  const admin = options.withoutAdmin ? (undefined as unknown as TestUser) : await setUp(running);
  const defaultOrganization = await database.db
    .selectFrom("organizations")
    .select("id")
    .where("is_default", "=", true)
    .executeTakeFirstOrThrow();
  const organizationId = defaultOrganization.id;
  return {
    url: running.url,
    setupUrl: running.setupUrl,
    database,
    organizationId,
    admin,
    logs,
    addUser: async ({ site = "member", organization = "member" } = {}) => {
      const username = `u${randomUUID().slice(0, 8)}`;
      const email = `${username}@example.com`;
      const body = { email, username, siteRole: site, password, organizationRole: organization ?? "member" };
      const { user } = await admin.client.createUser({ body });
      if (organization === null) await admin.client.removeMember({ params: { organizationId, userId: user.id } });
      return await signIn(running.url, email);
    },
    fetch: (pathname, init) => fetch(new URL(pathname, running.url), init),
    close,
  };
}
