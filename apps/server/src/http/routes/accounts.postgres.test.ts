import { ApiError, type Client, createClient } from "@berth/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf } from "../../testing/problem-of.ts";
import { createTestServer, type TestServer } from "../../testing/test-server.ts";

let server: TestServer;
let now = new Date("2026-03-01T12:00:00Z");
const advance = (ms: number) => {
  now = new Date(now.getTime() + ms);
};
const dayMs = 24 * 3600_000;

beforeAll(async () => {
  server = await createTestServer({ clock: () => now });
});
afterAll(() => server?.close());

const password = "correct horse battery";
const anonymous = () => createClient({ baseUrl: server.url });
const withToken = (token: string) => createClient({ baseUrl: server.url, token });
const auditActions = async () => (await server.admin.client.listAudit({})).items.map(({ action }) => action);

/** A browser: keeps its cookie, and sends what Berth's own page sends. */
function browser(): { client: Client; cookie(): string } {
  let cookie = "";
  const withCookie: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (cookie) headers.set("cookie", cookie);
    const response = await fetch(input, { ...init, headers });
    const set = response.headers.get("set-cookie");
    if (set) cookie = set.split(";")[0] ?? "";
    return response;
  };
  return { client: createClient({ baseUrl: server.url, fetch: withCookie }), cookie: () => cookie };
}

describe("set-up", () => {
  test("needs the printed token, works once, signs in, and is then over", async () => {
    const fresh = await createTestServer({ withoutAdmin: true });
    try {
      const client = createClient({ baseUrl: fresh.url });
      expect(await client.getSetup({})).toEqual({ required: true, version: "0.0.0-test" });
      const refusedLogin = await problemOf(client.login({ body: { email: "x@example.com", password: "x" } }));
      expect(refusedLogin.code).toBe("SETUP_REQUIRED");
      const admin = { email: "ada@example.com", username: "ada", password };
      expect((await problemOf(client.completeSetup({ body: { token: "guess", ...admin } }))).code).toBe(
        "SETUP_TOKEN_WRONG",
      );
      const token = new URL(fresh.setupUrl ?? "").hash.replace("#token=", "");
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map(() => client.completeSetup({ body: { token, ...admin } })),
      );
      const made = outcomes.filter((outcome) => outcome.status === "fulfilled");
      expect(made.map(({ value }) => value)).toMatchObject([
        { username: "ada", siteRole: "admin", organizations: [{ name: "default", role: "super_manager" }] },
      ]);
      const refused = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(refused.map(({ reason }) => (reason as ApiError).problem.code)).toEqual(["SETUP_DONE", "SETUP_DONE"]);
      expect(await client.getSetup({})).toMatchObject({ required: false });
    } finally {
      await fresh.close();
    }
  });
});

describe("signing in", () => {
  test("as a browser gives a session that knows who it is", async () => {
    const { client, cookie } = browser();
    const { user, token } = await client.login({ body: { email: "ADA@example.com", password } });
    expect([user.username, token]).toEqual(["ada", undefined]);
    expect(cookie()).toMatch(/^berth_session=/);
    expect((await client.getMe({})).username).toBe("ada");
  });

  test("tells nobody whether the address or the password was wrong", async () => {
    const unknown = await problemOf(anonymous().login({ body: { email: "no@example.com", password } }));
    const wrong = await problemOf(anonymous().login({ body: { email: "ada@example.com", password: "wrong" } }));
    expect({ ...unknown, requestId: "" }).toEqual({ ...wrong, requestId: "" });
    expect(unknown).toMatchObject({ code: "CREDENTIALS_WRONG", status: 401 });
  });

  test("is throttled per account, also for guesses at once, with the time to wait", async () => {
    const { user } = await server.addUser();
    const guess = () =>
      server.fetch("/api/v1/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: user.email.toUpperCase(), password: "wrong" }),
      });
    const responses = await Promise.all(Array.from({ length: 14 }, guess));
    const statuses = responses.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(4).fill(429)]);
    expect(responses.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("300");
    const right = anonymous().login({ body: { email: user.email, password } });
    expect((await problemOf(right)).code).toBe("TOO_MANY_ATTEMPTS");
    advance(5 * 60_000);
    await anonymous().login({ body: { email: user.email, password } });
  });

  test("twice under one token name gives two tokens", async () => {
    const { user } = await server.addUser();
    const login = () => anonymous().login({ body: { email: user.email, password, token: { name: "laptop" } } });
    const [first, second] = [await login(), await login()];
    const { items } = await withToken(second.token ?? "").listTokens({});
    expect(items.map(({ name }) => name)).toEqual(["laptop", "laptop 2", "test"]);
    expect((await withToken(first.token ?? "").getMe({})).id).toBe(user.id);
  });
});

describe("a session", () => {
  test("ends a week after its last use, and a month after its beginning", async () => {
    const { client } = browser();
    const { user } = await server.addUser();
    await client.login({ body: { email: user.email, password } });
    for (let week = 0; week < 4; week += 1) {
      advance(6.9 * dayMs);
      expect((await client.getMe({})).id).toBe(user.id);
    }
    advance(2.5 * dayMs);
    expect((await problemOf(client.getMe({}))).code).toBe("SESSION_EXPIRED");

    await client.login({ body: { email: user.email, password } });
    advance(7.1 * dayMs);
    expect((await problemOf(client.getMe({}))).code).toBe("SESSION_EXPIRED");
  });

  test("is stored as a hash only", async () => {
    const { client, cookie } = browser();
    await client.login({ body: { email: "ada@example.com", password } });
    const secret = cookie().split("=")[1] ?? "";
    const rows = await server.database.db.selectFrom("sessions").selectAll().execute();
    expect(
      JSON.stringify(rows.map((row) => ({ ...row, secret_hash: row.secret_hash.toString("latin1") }))),
    ).not.toContain(secret);
  });
});

describe("API tokens", () => {
  test("do what their scopes say, until they are revoked", async () => {
    const { client } = await server.addUser({ site: "admin" });
    const { token, apiToken } = await client.createToken({ body: { name: "ci", scopes: ["users:read"] } });
    expect(token).toMatch(/^berth_/);
    expect(apiToken).toMatchObject({ name: "ci", scopes: ["users:read"], lastUsedAt: null });
    expect((await withToken(token).listUsers({})).items.length).toBeGreaterThan(0);
    const refused = await problemOf(withToken(token).listAudit({}));
    expect(refused).toMatchObject({ code: "SCOPE_MISSING", context: { scope: "audit:read" } });
    await client.deleteToken({ params: { tokenId: apiToken.id } });
    expect((await problemOf(withToken(token).listUsers({}))).code).toBe("TOKEN_INVALID");
  });

  test("expire", async () => {
    const { client } = await server.addUser();
    const { token } = await client.createToken({ body: { name: "short", expiresInDays: 1 } });
    await withToken(token).getMe({});
    advance(1.01 * dayMs);
    expect((await problemOf(withToken(token).getMe({}))).code).toBe("TOKEN_INVALID");
  });

  test("cannot make wider ones", async () => {
    const { client } = await server.addUser();
    const narrow = await client.createToken({ body: { name: "narrow", scopes: ["account:write", "images:read"] } });
    const wider = withToken(narrow.token).createToken({ body: { name: "wider", scopes: ["images:write"] } });
    expect(await problemOf(wider)).toMatchObject({ code: "SCOPE_TOO_WIDE", context: { scopes: ["images:write"] } });
    expect((await problemOf(withToken(narrow.token).createToken({ body: { name: "all" } }))).code).toBe(
      "SCOPE_TOO_WIDE",
    );
    await withToken(narrow.token).createToken({ body: { name: "equal", scopes: ["images:read"] } });
  });

  test("have names of their own, and leave nothing behind when theirs is taken", async () => {
    const { client } = await server.addUser();
    const made = await Promise.allSettled([1, 2].map(() => client.createToken({ body: { name: "same" } })));
    expect(made.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await client.listTokens({})).items.map(({ name }) => name)).toEqual(["same", "test"]);
  });
});

describe("users", () => {
  test("are found by what is in their name, letter for letter", async () => {
    await server.admin.client.createUser({ body: { email: "grace_h@example.com", username: "grace-h" } });
    const found = async (search: string) =>
      (await server.admin.client.listUsers({ query: { search } })).items.map(({ username }) => username);
    expect(await found("GRACE")).toEqual(["grace-h"]);
    expect(await found("e_h@")).toEqual(["grace-h"]);
    expect(await found("%")).toEqual([]);
  });

  test("get a temporary password that is shown once, and is to be changed", async () => {
    const body = { email: "temp@example.com", username: "temp" };
    const { user, temporaryPassword = "" } = await server.admin.client.createUser({ body });
    const flag = () =>
      server.database.db
        .selectFrom("users")
        .select("must_change_password")
        .where("id", "=", user.id)
        .executeTakeFirst();
    expect(await flag()).toEqual({ must_change_password: true });
    const login = await anonymous().login({
      body: { email: body.email, password: temporaryPassword, token: { name: "x" } },
    });
    const change = { currentPassword: temporaryPassword, newPassword: password };
    await withToken(login.token ?? "").changePassword({ body: change });
    expect(await flag()).toEqual({ must_change_password: false });
    expect(JSON.stringify(await server.admin.client.listAudit({ query: { limit: 1000 } }))).not.toContain(
      temporaryPassword,
    );
    expect(server.logs.join("")).not.toContain(temporaryPassword);
  });

  test("of one name or address at once become one", async () => {
    const create = (email: string, username: string) =>
      server.admin.client.createUser({ body: { email, username, password } });
    const outcomes = await Promise.allSettled([
      create("twin@example.com", "twin-a"),
      create("TWIN@example.com", "twin-b"),
    ]);
    const codes = outcomes.map((outcome) =>
      outcome.status === "rejected" ? (outcome.reason as ApiError).problem.code : "made",
    );
    expect(codes.sort()).toEqual(["EMAIL_TAKEN", "made"]);
    expect((await problemOf(create("other@example.com", "ada"))).code).toBe("NAME_TAKEN");
  });

  test("lose their sessions and the use of their tokens when they are suspended", async () => {
    const { client: page } = browser();
    const { user, client } = await server.addUser();
    await page.login({ body: { email: user.email, password } });
    const params = { userId: user.id };
    await server.admin.client.updateUser({ params, body: { status: "suspended" } });
    expect((await problemOf(page.getMe({}))).code).toBe("SESSION_EXPIRED");
    expect((await problemOf(client.getMe({}))).code).toBe("USER_SUSPENDED");
    expect((await problemOf(page.login({ body: { email: user.email, password } }))).code).toBe("USER_SUSPENDED");
    await server.admin.client.updateUser({ params, body: { status: "active" } });
    expect((await client.getMe({})).status).toBe("active");
  });

  test("changing a password ends every other session and token", async () => {
    const { user, client } = await server.addUser();
    const { client: page } = browser();
    await page.login({ body: { email: user.email, password } });
    const wrong = client.changePassword({ body: { currentPassword: "wrong", newPassword: "another good one" } });
    expect((await problemOf(wrong)).code).toBe("CREDENTIALS_WRONG");
    await page.changePassword({ body: { currentPassword: password, newPassword: "another good one" } });
    expect((await problemOf(client.getMe({}))).code).toBe("TOKEN_INVALID");
    expect((await page.getMe({})).id).toBe(user.id);
    expect((await problemOf(page.login({ body: { email: user.email, password } }))).code).toBe("CREDENTIALS_WRONG");
  });

  test("the last administrator stays, also when two leave at once", async () => {
    const fresh = await createTestServer();
    try {
      const other = await fresh.addUser({ site: "admin" });
      const demote = (userId: string, by: Client) =>
        by.updateUser({ params: { userId }, body: { siteRole: "member" } });
      const outcomes = await Promise.allSettled([
        demote(fresh.admin.user.id, other.client),
        demote(other.user.id, fresh.admin.client),
      ]);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const refused = outcomes.find((outcome) => outcome.status === "rejected");
      expect(refused?.reason).toBeInstanceOf(ApiError);
      expect(["LAST_ADMIN", "FORBIDDEN"]).toContain(refused?.reason.problem.code);
      const admins = fresh.database.db.selectFrom("users").select("id").where("site_role", "=", "admin");
      expect(await admins.execute()).toHaveLength(1);
    } finally {
      await fresh.close();
    }
  });

  test("a site manager neither makes nor unmakes an administrator", async () => {
    const { client } = await server.addUser({ site: "manager" });
    const body = { email: "boss@example.com", username: "boss", siteRole: "admin" as const };
    expect((await problemOf(client.createUser({ body }))).code).toBe("FORBIDDEN");
    const suspend = client.updateUser({ params: { userId: server.admin.user.id }, body: { status: "suspended" } });
    expect((await problemOf(suspend)).code).toBe("FORBIDDEN");
    const raise = client.updateUser({ params: { userId: (await client.getMe({})).id }, body: { siteRole: "admin" } });
    expect((await problemOf(raise)).code).toBe("FORBIDDEN");
  });
});

describe("members", () => {
  test("of a new organization come, change and go, each with its audit row", async () => {
    const { client } = server.admin;
    const { id: organizationId } = await client.createOrganization({ body: { name: "lab" } });
    const { user, client: theirs } = await server.addUser({ organization: null });
    const params = { organizationId, userId: user.id };
    expect((await theirs.listOrganizations({})).items).toEqual([]);
    expect(await client.putMember({ params, body: { role: "importer" } })).toMatchObject({ role: "importer" });
    expect((await theirs.listOrganizations({})).items.map(({ name }) => name)).toEqual(["lab"]);
    expect(await client.putMember({ params, body: { role: "manager" } })).toMatchObject({ role: "manager" });
    expect((await theirs.listMembers({ params: { organizationId } })).items).toMatchObject([{ role: "manager" }]);
    await client.removeMember({ params });
    expect((await problemOf(theirs.listMembers({ params: { organizationId } }))).code).toBe("NOT_FOUND");
    expect((await problemOf(client.removeMember({ params }))).code).toBe("NOT_FOUND");
    const { items } = await client.listAudit({ query: { targetKind: "member" } });
    const ofLab = items.filter((event) => event.organizationId === organizationId);
    expect(ofLab.map(({ action, changes }) => [action, changes.role])).toEqual([
      ["member.remove", { from: "manager", to: null }],
      ["member.put", { from: "importer", to: "manager" }],
      ["member.put", { from: null, to: "importer" }],
    ]);
  });

  test("unknown people and organizations are not found", async () => {
    const unknown = "00000000-0000-4000-8000-000000000000";
    const { client } = server.admin;
    const put = (organizationId: string, userId: string) =>
      client.putMember({ params: { organizationId, userId }, body: { role: "member" } });
    expect((await problemOf(put(server.organizationId, unknown))).code).toBe("NOT_FOUND");
    expect((await problemOf(put(unknown, server.admin.user.id))).code).toBe("NOT_FOUND");
  });
});

describe("the audit log", () => {
  test("has a row for every change, in pages that neither repeat nor skip", async () => {
    const actions = await auditActions();
    for (const action of [
      "user.create",
      "token.create",
      "token.delete",
      "session.create",
      "user.update",
      "user.change_password",
    ])
      expect(actions).toContain(action);
    const whole = (await server.admin.client.listAudit({ query: { limit: 1000 } })).items.map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await server.admin.client.listAudit({ query: { limit: 7, ...(cursor ? { cursor } : {}) } });
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(paged).toEqual(whole);
  });

  test("says who did it and from where, and joins with the log by the request's id", async () => {
    await server.admin.client.createOrganization({ body: { name: "audited" } });
    const [event] = (await server.admin.client.listAudit({ query: { action: "organization.create" } })).items;
    expect(event).toMatchObject({ actor: { username: "ada", ip: "127.0.0.1" }, target: { name: "audited" } });
    await expect.poll(() => server.logs.some((line) => line.includes(event?.requestId ?? "?"))).toBe(true);
  });
});
