import { randomBytes, randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type Client, createClient, type OrganizationRole, routes, type SiteRole } from "@berth/api";
import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { ChangeListener } from "../db/listen.ts";
import type { Actor } from "../domain/actor.ts";
import { BerthError } from "../domain/berth-error.ts";
import { createHttpApp } from "../http/app.ts";
import type { Handlers } from "../http/handler.ts";
import { SecretBox } from "../secrets/envelope.ts";
import { parseKeyring } from "../secrets/keyring.ts";
import { type WiredRegistries, wireRegistries } from "../wire-registries.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

/** Registries and images behind the real HTTP layer, on a real database and the sandbox AWS. */
export type RegistryHarness = {
  database: TestDatabase;
  sandbox: TestSandbox;
  wired: WiredRegistries;
  organizationId: string;
  /** `000000000000.dkr.ecr.us-east-1.amazonaws.com`. */
  host: string;
  /** Operations that left for AWS or a registry since the harness started. */
  upstreamCalls: string[];
  /** A client for a new person. Without a role in the organization they are no member of it. */
  signIn(role?: OrganizationRole, siteRole?: SiteRole): Promise<{ client: Client; actor: Actor }>;
  /** One more server on the same database. */
  openReplica(): Promise<{ wired: WiredRegistries; upstreamCalls: string[]; close(): Promise<void> }>;
  close(): Promise<void>;
};

/** Starts everything on free ports; `client`s speak to it as the CLI does. */
export async function startRegistryHarness(): Promise<RegistryHarness> {
  const [database, sandbox] = await Promise.all([createTestDatabase(), startTestSandbox()]);
  const secretKey = randomBytes(32).toString("base64");
  const openReplica = async () => {
    const upstreamCalls: string[] = [];
    const changes = await ChangeListener.start({ address: database.address, onLost: () => undefined });
    const wired = wireRegistries({
      db: database.db,
      changes,
      secrets: new SecretBox(parseKeyring(secretKey)),
      awsEndpoints: new Map([[sandbox.account, { api: new URL(sandbox.url), registry: sandbox.host }]]),
      clock: () => new Date(),
      log: silent,
      onUpstreamCall: ({ operation }) => upstreamCalls.push(operation),
    });
    const close = async () => {
      await wired.close();
      await changes.close();
    };
    return { wired, upstreamCalls, close };
  };
  const { wired, upstreamCalls, close: closeReplica } = await openReplica();
  const organizationId = await insertOrganization(database);
  const { signIn, app, baseUrl } = await serve(database, wired);
  return {
    database,
    sandbox,
    wired,
    organizationId,
    host: sandbox.registryHost(),
    upstreamCalls,
    signIn: (role, siteRole) => signIn(organizationId, baseUrl, role, siteRole),
    openReplica,
    async close() {
      await app.close();
      await closeReplica();
      await sandbox.close();
      await database.drop();
    },
  };
}

async function serve(database: TestDatabase, wired: WiredRegistries) {
  const actors = new Map<string, Actor>();
  const refuse = () => Promise.reject(new BerthError("SIGN_IN_REQUIRED", "Nobody has this."));
  const app = createHttpApp({
    handlers: { ...unasked, ...wired.handlers } as Handlers,
    upgrades: {} as never,
    authenticator: { byToken: async (token) => actors.get(token) ?? (await refuse()), bySession: refuse },
    accessUrl: new URL("http://localhost"),
    stopping: new AbortController().signal,
    log: silent,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const baseUrl = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const signIn = async (
    organizationId: string,
    url: string,
    role?: OrganizationRole,
    siteRole: SiteRole = "member",
  ) => {
    const actor = await insertUser(database, organizationId, role, siteRole);
    const token = randomUUID();
    actors.set(token, actor);
    return { actor, client: createClient({ baseUrl: url, token }) };
  };
  return { app, baseUrl, signIn };
}

/** Routes of others, which the HTTP layer wants to have. */
const unasked = Object.fromEntries(
  Object.keys(routes).map((name) => [name, () => Promise.reject(new Error(`${name} is not part of this harness.`))]),
);

async function insertOrganization({ db }: TestDatabase): Promise<string> {
  const id = randomUUID();
  await db.insertInto("organizations").values({ id, name: "default", is_default: true }).execute();
  return id;
}

async function insertUser(
  { db }: TestDatabase,
  organizationId: string,
  role: OrganizationRole | undefined,
  siteRole: SiteRole,
): Promise<Actor> {
  const userId = randomUUID();
  const username = `user-${userId.slice(0, 8)}`;
  await db
    .insertInto("users")
    .values({ id: userId, email: `${username}@example.com`, username, password_hash: "-", site_role: siteRole })
    .execute();
  const credential = { kind: "token" as const, id: randomUUID() };
  const memberships = role ? [{ organizationId, role }] : [];
  return { userId, username, siteRole, memberships, scopes: ["all"], credential };
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
