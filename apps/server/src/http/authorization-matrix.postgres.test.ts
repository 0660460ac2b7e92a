import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { apiPrefix, OrganizationRole, type RouteDefinition, type RouteName, routes } from "@berth/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "../testing/test-server.ts";

/**
 * Who gets how far on every route. Each request is well-formed, about things of the default organization that others
 * own, so that only the caller decides. One letter a column, in the order of `callers`:
 *
 *   y  allowed: 2xx, or a refusal that only the allowed get to see (a conflict, the registry's own no)
 *   f  403 FORBIDDEN      n  404 NOT_FOUND      u  401      s  403 SCOPE_MISSING or USER_SUSPENDED
 */
const callers = [
  "anonymous",
  "suspended",
  "scopeless", // an administrator's token with one scope, which no route here wants
  "outsider", // no member of the organization
  "member",
  "importer",
  "image_manager",
  "manager",
  "super_manager",
  "auditor",
  "site_manager",
  "admin",
] as const;
type Caller = (typeof callers)[number];

//                   anonymous
//                   | suspended
//                   | | scopeless
//                   | | | outsider
//                   | | | | member
//                   | | | | | importer
//                   | | | | | | image_manager
//                   | | | | | | | manager
//                   | | | | | | | | super_manager
//                   | | | | | | | | | auditor
//                   | | | | | | | | | | site_manager
//                   | | | | | | | | | | | admin
const matrix: Record<RouteName, string> = {
  getSetup: "        y y y y y y y y y y y y",
  completeSetup: "   y y y y y y y y y y y y",
  login: "           u u u u u u u u u u u u",
  logout: "          u s y y y y y y y y y y",
  getMe: "           u s y y y y y y y y y y",
  changePassword: "  u s s u u u u u u u u u", // the current password is wrong
  listUsers: "       u s s f f f f f f y y y",
  createUser: "      u s s f f f f f f f y y",
  updateUser: "      u s s f f f f f f f y y",
  listOrganizations: "u s y y y y y y y y y y",
  createOrganization: "u s s f f f f f f f y y",
  listMembers: "     u s s n y y y y y y y y",
  putMember: "       u s s n f f f f y f y y",
  removeMember: "    u s s n f f f f y f y y",
  listTokens: "      u s s y y y y y y y y y",
  createToken: "     u s s y y y y y y y y y",
  deleteToken: "     u s s n n n n n n n n n", // somebody else's
  listAudit: "       u s s f f f f f f y y y",
  listRegistries: "  u s s n y y y y y y y y",
  createRegistry: "  u s s n f f f y y f y y",
  checkNewRegistry: "u s s n f f f y y f y y",
  getRegistry: "     u s s n y y y y y y y y",
  updateRegistry: "  u s s n f f f y y f y y",
  deleteRegistry: "  u s s n f f f y y f y y",
  checkRegistry: "   u s s n y y y y y y y y",
  listRepositories: "u s s n y y y y y y y y",
  listRegistryTags: "u s s n y y y y y y y y",
  listImages: "      u s s n y y y y y y y y",
  importImage: "     u s s n f y y y y f y y",
  getImage: "        u s s n y y y y y y y y",
  updateImage: "     u s s n f f y y y f y y",
  deleteImage: "     u s s n f f y y y f y y",
  addImageTag: "     u s s n f y y y y f y y",
  removeImageTag: "  u s s n f f y y y f y y",
  refreshImage: "    u s s n f f y y y f y y",
  listWorkspaces: "  u s s y y y y y y y y y",
  createWorkspace: " u s s n y y y y y f y y",
  getWorkspace: "    u s s n n n n y y y y y",
  updateWorkspace: " u s s n n n n f y f y y",
  deleteWorkspace: " u s s n n n n f y f y y",
  startWorkspace: "  u s s n n n n f y f y y",
  stopWorkspace: "   u s s n n n n f y f y y",
  restartWorkspace: "u s s n n n n f y f y y",
  rebuildWorkspace: "u s s n n n n f y f y y",
  cancelBuild: "     u s s n n n n f y f y y",
  listBuilds: "      u s s n n n n y y y y y",
  getBuild: "        u s s n n n n y y y y y",
  streamBuildLog: "  u s s n n n n y y y y y",
  exec: "            u s s n n n n f f f f y",
};

let server: TestServer;
const tokens = new Map<Caller, string | undefined>();
let ids: Record<string, string>;
/** Names that may exist once only. */
const unique = () => `n${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  // Nothing listens there: what reaches out fails at once, and nothing leaves this machine.
  const nowhere = { api: new URL("http://127.0.0.1:9"), registry: "127.0.0.1:9" };
  server = await createTestServer({ awsEndpoints: new Map([["000000000000", nowhere]]) });
  const scopeless = await server.admin.client.createToken({ body: { name: "scopeless", scopes: ["metrics:read"] } });
  tokens.set("scopeless", scopeless.token);
  ids = await addThings(server);
  tokens.set("anonymous", undefined);
  tokens.set("outsider", (await server.addUser({ organization: null })).token);
  for (const role of OrganizationRole.options) tokens.set(role, (await server.addUser({ organization: role })).token);
  tokens.set("auditor", (await server.addUser({ site: "auditor", organization: null })).token);
  tokens.set("site_manager", (await server.addUser({ site: "manager", organization: null })).token);
  tokens.set("admin", (await server.addUser({ site: "admin", organization: null })).token);
  const suspended = await server.addUser({ site: "admin" });
  const change = { params: { userId: suspended.user.id }, body: { status: "suspended" as const } };
  await server.admin.client.updateUser(change);
  tokens.set("suspended", suspended.token);
});
afterAll(() => server?.close());

const host = "000000000000.dkr.ecr.us-east-1.amazonaws.com";

/** A registry with an image, and a stopped workspace of the first administrator with one finished build. */
async function addThings({ database: { db }, organizationId, admin }: TestServer) {
  const [registryId, imageId, workspaceId, buildId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const organization = { organization_id: organizationId };
  await db
    .insertInto("registries")
    .values({ id: registryId, ...organization, name: unique(), kind: "ecr", host })
    .execute();
  const sizes = { cpu: 1, memory_gb: 1, disk_gb: 1 };
  await db
    .insertInto("images")
    .values({
      id: imageId,
      ...organization,
      registry_id: registryId,
      repository: "team/base",
      ...sizes,
      default_tag: "1",
    })
    .execute();
  const digest = `sha256:${"0".repeat(64)}`;
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const tag = { image_id: imageId, digest, media_type: mediaType, platforms: ["linux/amd64"] };
  await db
    .insertInto("image_tags")
    .values([
      { ...tag, tag: "1" },
      { ...tag, tag: "2" },
    ])
    .execute();
  await db
    .insertInto("workspaces")
    .values({
      id: workspaceId,
      ...organization,
      owner_id: admin.user.id,
      name: unique(),
      image_id: imageId,
      image_tag: "1",
      digest,
      ...sizes,
      desired: "stopped",
      status: "stopped",
    })
    .execute();
  await db
    .insertInto("builds")
    .values({ id: buildId, workspace_id: workspaceId, number: 1, kind: "stop", status: "succeeded", image_tag: "1" })
    .execute();
  const { apiToken } = await admin.client.createToken({ body: { name: unique() } });
  const userId = randomUUID();
  const name = unique();
  const user = { id: userId, email: `${name}@example.com`, username: name, password_hash: "-" };
  await db
    .insertInto("users")
    .values({ ...user, site_role: "member" })
    .execute();
  await db
    .insertInto("organization_members")
    .values({ ...organization, user_id: userId, role: "member" })
    .execute();
  return { registryId, imageId, workspaceId, buildId, tokenId: apiToken.id, userId, organizationId, tag: "2" };
}

/** Bodies that are right; unique where a name is made. `{}` where the route wants none. */
function bodyOf(route: RouteName): unknown {
  const name = unique();
  const registry = { name, registry: host };
  const keys = { accessKeyId: `AKIA${"A".repeat(16)}`, secretAccessKey: "a".repeat(40) };
  const bodies: Partial<Record<RouteName, unknown>> = {
    completeSetup: { token: "x", email: "x@example.com", username: "x", password: "x".repeat(12) },
    login: { email: `${name}@example.com`, password: "x" },
    changePassword: { currentPassword: "wrong", newPassword: "x".repeat(12) },
    createUser: { email: `${name}@example.com`, username: name },
    updateUser: {},
    createOrganization: { name },
    putMember: { role: "member" },
    createToken: { name, scopes: ["images:read"] },
    createRegistry: { ...registry, ...keys },
    checkNewRegistry: { ...registry, ...keys },
    updateRegistry: {},
    checkRegistry: {},
    importImage: { registryId: ids.registryId, repository: "team/other", tag: "1" },
    updateImage: { description: name },
    addImageTag: { tag: "3" },
    createWorkspace: { name, imageId: ids.imageId },
    updateWorkspace: {},
  };
  return bodies[route];
}

/** What the routes need in their query. */
const queries: Partial<Record<RouteName, string>> = {
  listRegistryTags: "?repository=team/base",
  exec: `?exec=${Buffer.from(JSON.stringify({ command: ["true"] })).toString("base64url")}`,
};

type Answer = { status: number; code: string | undefined };

/** An upgrade; its refusal is a plain answer. */
function upgrade(path: string, token: string | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "c2l4dGVlbiBieXRlcyEhIQ==",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const sent = request(new URL(path, server.url), { headers });
  sent.on("response", async (response) => {
    let body = "";
    for await (const chunk of response) body += chunk;
    resolve({ status: response.statusCode ?? 0, code: JSON.parse(body).code });
  });
  sent.on("upgrade", (_response, socket) => {
    socket.destroy();
    resolve({ status: 101, code: undefined });
  });
  sent.on("error", reject);
  sent.end();
  return promise;
}

async function call(name: RouteName, definition: RouteDefinition, token: string | undefined): Promise<Answer> {
  const below = definition.path.replace(/\{(\w+)\}/g, (_, key: string) => ids[key] ?? "");
  const path = `${apiPrefix}${below}${queries[name] ?? ""}`;
  if (definition.websocket) return await upgrade(path, token);
  const body = bodyOf(name);
  const response = await server.fetch(path, {
    method: definition.method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, code: response.ok ? undefined : JSON.parse(text).code };
}

function letterOf({ status, code }: Answer): string {
  if (code === "REQUEST_INVALID" || code === "INTERNAL" || code === "ROUTE_NOT_FOUND") return `${code}!`;
  if (status === 401) return "u";
  if (code === "SCOPE_MISSING" || code === "USER_SUSPENDED") return "s";
  if (code === "FORBIDDEN") return "f";
  return code === "NOT_FOUND" ? "n" : "y";
}

// Signing out takes the callers' tokens with it, so it comes last.
const rows = (Object.entries<RouteDefinition>(routes) as [RouteName, RouteDefinition][]).sort(
  ([a], [b]) => Number(a === "logout") - Number(b === "logout"),
);

test("the matrix names every route of the contract, and no other", () => {
  expect(Object.keys(matrix).sort()).toEqual(Object.keys(routes).sort());
});

describe("who gets how far with", () => {
  test.each(rows)("%s", async (name, definition) => {
    const seen: string[] = [];
    for (const caller of callers) {
      // Whoever is allowed changes things, or removes them: the next caller finds them as they were.
      if (definition.method !== "GET") ids = await addThings(server);
      seen.push(`${caller} ${letterOf(await call(name, definition, tokens.get(caller)))}`);
    }
    const expected = matrix[name].trim().split(/\s+/);
    expect(expected).toHaveLength(callers.length);
    expect(seen).toEqual(callers.map((caller, index) => `${caller} ${expected[index]}`));
  });
});
