import { randomUUID } from "node:crypto";
import type { ApiError, Client, Registry } from "@berth/api";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { problemOf } from "../../testing/problem-of.ts";
import { type RegistryHarness, startRegistryHarness } from "../../testing/registry-harness.ts";

let harness: RegistryHarness;
let manager: Client;
const readOnly = ["AmazonEC2ContainerRegistryReadOnly"];

beforeAll(async () => {
  harness = await startRegistryHarness();
  manager = (await harness.signIn("manager")).client;
  await harness.sandbox.pushImage("team/base", "1");
});
afterAll(() => harness.close());
beforeEach(() => harness.sandbox.faults.clear());

const uniqueName = () => `registry ${randomUUID().slice(0, 8)}`;

/** A new user's keys, as the form sends them. */
function keysOf(policies: string[] = readOnly, inline: Record<string, unknown> = {}) {
  const { accessKeyId, secretAccessKey } = harness.sandbox.createUser({ name: `u-${randomUUID()}`, policies, inline });
  return { accessKeyId, secretAccessKey };
}

const allow = (Action: string[], Resource: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource }],
});

/** Keys that may pull one repository and list nothing. */
function pullOnlyKeys(repository: string) {
  return keysOf([], {
    token: allow(["ecr:GetAuthorizationToken"], "*"),
    pull: allow(
      ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
      `arn:aws:ecr:us-east-1:000000000000:repository/${repository}`,
    ),
  });
}

async function connect(keys = keysOf(), client = manager): Promise<Registry> {
  return await client.createRegistry({ body: { name: uniqueName(), registry: harness.host, ...keys } });
}

describe("connecting a registry", () => {
  it("keeps what its name says and shows the key masked, never the secret", async () => {
    const keys = keysOf();
    const name = uniqueName();
    const { client, actor } = await harness.signIn("manager");
    const created = await client.createRegistry({ body: { name, registry: harness.host, ...keys } });
    expect(created).toMatchObject({
      name,
      kind: "ecr",
      registry: harness.host,
      ecr: { accountId: "000000000000", region: "us-east-1", partition: "aws" },
      credentials: { accessKeyId: `AKIA…${keys.accessKeyId.slice(-4)}`, setBy: actor.username },
      imageCount: 0,
      lastCheck: null,
    });
    expect(await client.getRegistry({ params: { registryId: created.id } })).toEqual(created);
    expect((await client.listRegistries({ query: { name: name.toUpperCase() } })).items).toEqual([created]);
  });

  it.each([["https://HOST/"], ["HOST/team/base:1"], ["https://HOST/team/base@sha256:abc"], ["  HOST\n"], ["HOST."]])(
    "understands %j",
    async (pasted) => {
      const registry = pasted.replace("HOST", harness.host.toUpperCase());
      const created = await manager.createRegistry({ body: { name: uniqueName(), registry, ...keysOf() } });
      expect(created.registry).toBe(harness.host);
    },
  );

  it.each([
    "000000000000.dkr.ecr.us-east-1.amazonaws.com.evil.example",
    "000000000000.dkr.ecr.us-east-1.amazonaws.com@evil.example",
    "evil.example/000000000000.dkr.ecr.us-east-1.amazonaws.com",
    "0000.dkr.ecr.us-east-1.amazonaws.com",
    "000000000000.dkr.ecr.us-east-1.amazonaws.com.cn",
    "000000000000.dkr.ecr.us-east-1.amazonaws.com:8080",
    "000000000000.dkr.ecr.us-easт-1.amazonaws.com",
    "localhost:5000",
    "169.254.169.254",
    "docker.io",
  ])("refuses the look-alike %j, saying what a name looks like, and asks it nothing", async (registry) => {
    const before = harness.upstreamCalls.length;
    const problem = await problemOf(manager.createRegistry({ body: { name: uniqueName(), registry, ...keysOf() } }));
    expect(problem).toMatchObject({ code: "REGISTRY_HOST_INVALID", status: 400, errors: [{ path: "body.registry" }] });
    expect(problem.fix?.text).toContain("123456789012.dkr.ecr.");
    expect(harness.upstreamCalls).toHaveLength(before);
  });

  it("refuses kinds it cannot reach yet", async () => {
    const body = { name: uniqueName(), registry: "ghcr.io", kind: "ghcr" as const, ...keysOf() };
    expect(await problemOf(manager.createRegistry({ body }))).toMatchObject({ code: "REGISTRY_KIND_UNSUPPORTED" });
  });

  it("refuses one key without the other", async () => {
    const { accessKeyId } = keysOf();
    const body = { name: uniqueName(), registry: harness.host, accessKeyId, secretAccessKey: "  " };
    expect(await problemOf(manager.createRegistry({ body }))).toMatchObject({
      code: "REGISTRY_KEYS_INCOMPLETE",
      errors: [{ path: "body.secretAccessKey" }],
    });
  });

  it.each([{}, { accessKeyId: "", secretAccessKey: "" }])("names the switch when keys are blank: %j", async (keys) => {
    const problem = await problemOf(
      manager.createRegistry({ body: { name: uniqueName(), registry: harness.host, ...keys } }),
    );
    expect(problem.code).toBe("ECR_ROLE_SWITCH_OFF");
    expect(problem.detail + problem.fix?.text).toContain("ECR IAM Role Authentication");
  });

  it("cuts off what copying adds to keys", async () => {
    const { accessKeyId, secretAccessKey } = keysOf();
    const registry = await connect({ accessKeyId: ` ${accessKeyId}\n`, secretAccessKey: `\t${secretAccessKey}\r\n` });
    expect(await manager.checkRegistry({ params: { registryId: registry.id } })).toMatchObject({ ok: true });
  });

  it("works while AWS does not", async () => {
    harness.sandbox.faults.add({ match: {}, effect: { status: 500, body: "{}" } });
    expect((await connect()).registry).toBe(harness.host);
  });

  it("gives one name to one of two people who take it at once", async () => {
    const name = uniqueName();
    const people = await Promise.all(Array.from({ length: 4 }, () => harness.signIn("manager")));
    const outcomes = await Promise.allSettled(
      people.map(({ client }, i) =>
        client.createRegistry({
          body: { name: i % 2 ? name : name.toUpperCase(), registry: harness.host, ...keysOf() },
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const codes = outcomes.flatMap((one) => (one.status === "rejected" ? [(one.reason as ApiError).problem.code] : []));
    expect(codes).toEqual(["NAME_TAKEN", "NAME_TAKEN", "NAME_TAKEN"]);
    expect((await manager.listRegistries({ query: { name } })).items).toHaveLength(1);
  });

  it("is for managers: members may look, others see nothing", async () => {
    const registry = await connect();
    const { client: member } = await harness.signIn("member");
    const params = { registryId: registry.id };
    expect(await member.getRegistry({ params })).toEqual(registry);
    const create = { body: { name: uniqueName(), registry: harness.host, ...keysOf() } };
    expect((await problemOf(member.createRegistry(create))).code).toBe("FORBIDDEN");
    expect((await problemOf(member.checkNewRegistry({ body: create.body }))).code).toBe("FORBIDDEN");
    expect((await problemOf(member.deleteRegistry({ params }))).code).toBe("FORBIDDEN");
    const { client: outsider } = await harness.signIn();
    for (const refused of [
      () => outsider.getRegistry({ params }),
      () => outsider.updateRegistry({ params, body: { name: "mine" } }),
      () => outsider.deleteRegistry({ params }),
      () => outsider.checkRegistry({ params }),
      () => outsider.listRepositories({ params }),
      () => outsider.listRegistryTags({ params, query: { repository: "team/base" } }),
      () => outsider.listRegistries({}),
      () => outsider.createRegistry(create),
    ]) {
      expect((await problemOf(refused())).code).toBe("NOT_FOUND");
    }
  });

  it("is not made in an organization that does not exist", async () => {
    const { client: admin } = await harness.signIn(undefined, "admin");
    const body = { name: uniqueName(), registry: harness.host, organizationId: randomUUID(), ...keysOf() };
    expect((await problemOf(admin.createRegistry({ body }))).code).toBe("NOT_FOUND");
  });

  it("lists by pages, in the order of names", async () => {
    const names = ["page B", "page a", "Page c"];
    for (const name of names) {
      await manager.createRegistry({ body: { name, registry: harness.host, ...keysOf() } });
    }
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await manager.listRegistries({ query: { limit: 2, ...(cursor && { cursor }) } });
      listed.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((name) => /^page/i.test(name))).toEqual(["page a", "page B", "Page c"]);
  });
});

describe("changing a registry", () => {
  it("keeps the secret when only the name changes", async () => {
    const { id } = await connect();
    const name = uniqueName();
    const changed = await manager.updateRegistry({ params: { registryId: id }, body: { name } });
    expect(changed.name).toBe(name);
    expect(await manager.checkRegistry({ params: { registryId: id } })).toMatchObject({ ok: true });
  });

  it("uses new keys from then on, and voids the last check", async () => {
    const { id } = await connect();
    const params = { registryId: id };
    await manager.checkRegistry({ params });
    const wrong = { ...keysOf(), secretAccessKey: "x".repeat(40) };
    const changed = await manager.updateRegistry({ params, body: wrong });
    expect(changed.credentials?.accessKeyId).toBe(`AKIA…${wrong.accessKeyId.slice(-4)}`);
    expect(changed.lastCheck).toBeNull();
    expect((await problemOf(manager.listRepositories({ params }))).code).toBe("AWS_SECRET_WRONG");
    await manager.updateRegistry({ params, body: keysOf() });
    expect((await manager.listRepositories({ params })).items.length).toBeGreaterThan(0);
  });

  it("wants the keys again for another host, so that a saved secret goes nowhere else", async () => {
    const { id } = await connect();
    const registry = harness.sandbox.registryHost(undefined, "eu-west-1");
    const params = { registryId: id };
    expect((await problemOf(manager.updateRegistry({ params, body: { registry } }))).code).toBe(
      "REGISTRY_KEYS_INCOMPLETE",
    );
    const moved = await manager.updateRegistry({ params, body: { registry, ...keysOf() } });
    expect(moved).toMatchObject({ registry, ecr: { region: "eu-west-1" } });
  });

  it("does not move a registry away from its images, but lets it take its FIPS name", async () => {
    const { id } = await connect();
    const params = { registryId: id };
    await manager.importImage({ body: { registryId: id, repository: "team/base", tag: "1" } });
    const elsewhere = harness.sandbox.registryHost(undefined, "eu-west-1");
    expect(
      await problemOf(manager.updateRegistry({ params, body: { registry: elsewhere, ...keysOf() } })),
    ).toMatchObject({ code: "REGISTRY_IN_USE", context: { images: ["team/base"] } });
    const registry = "000000000000.dkr.ecr-fips.us-east-1.amazonaws.com";
    expect(await manager.updateRegistry({ params, body: { registry, ...keysOf() } })).toMatchObject({ registry });
  });

  it("refuses a name that another one has", async () => {
    const [one, two] = [await connect(), await connect()];
    const change = { params: { registryId: two.id }, body: { name: one.name.toUpperCase() } };
    expect((await problemOf(manager.updateRegistry(change))).code).toBe("NAME_TAKEN");
  });
});

describe("removing a registry", () => {
  it("is refused while an image refers to it, naming the image", async () => {
    const { id } = await connect();
    const { id: imageId } = await manager.importImage({ body: { registryId: id, repository: "team/base", tag: "1" } });
    const params = { registryId: id };
    expect(await problemOf(manager.deleteRegistry({ params }))).toMatchObject({
      code: "REGISTRY_IN_USE",
      status: 409,
      context: { images: ["team/base"], count: 1 },
    });
    await manager.deleteImage({ params: { imageId } });
    await manager.deleteRegistry({ params });
    expect((await problemOf(manager.getRegistry({ params }))).code).toBe("NOT_FOUND");
  });

  it("never races an import into a half-made state", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await connect();
      const [removal, imported] = await Promise.allSettled([
        manager.deleteRegistry({ params: { registryId: id } }),
        manager.importImage({ body: { registryId: id, repository: "team/base", tag: "1" } }),
      ]);
      expect([removal.status, imported.status].sort()).toEqual(["fulfilled", "rejected"]);
      for (const outcome of [removal, imported]) {
        if (outcome.status === "fulfilled") continue;
        expect(["REGISTRY_IN_USE", "NOT_FOUND"]).toContain((outcome.reason as ApiError).problem.code);
      }
    }
  });
});

describe("checking a registry", () => {
  const steps = (check: { steps: { status: string; failure?: { code: string } | undefined }[] }) =>
    check.steps.filter(({ status }) => status === "failed").map(({ failure }) => failure?.code);

  it("tries what is not saved, and stores nothing", async () => {
    const before = await harness.database.db.selectFrom("audit_events").select("id").execute();
    const check = await manager.checkNewRegistry({ body: { registry: `https://${harness.host}/`, ...keysOf() } });
    expect(check.ok).toBe(true);
    expect(check.steps.length).toBeGreaterThan(4);
    expect(await harness.database.db.selectFrom("audit_events").select("id").execute()).toHaveLength(before.length);
  });

  it.each([
    ["an unknown key", () => ({ ...keysOf(), accessKeyId: "AKIAAAAAAAAAAAAAAAAA" }), "AWS_KEY_UNKNOWN"],
    ["a wrong secret", () => ({ ...keysOf(), secretAccessKey: "x".repeat(40) }), "AWS_SECRET_WRONG"],
    ["no permission at all", () => keysOf([]), "ECR_NO_TOKEN_PERM"],
  ])("says what is wrong with %s", async (_, keys, code) => {
    const check = await manager.checkNewRegistry({ body: { registry: harness.host, ...keys() } });
    expect(check.ok).toBe(false);
    expect(steps(check)).toContain(code);
    const failed = check.steps.find(({ failure }) => failure?.code === code);
    expect(failed?.failure?.fix?.text).toBeTruthy();
  });

  it("stores how a saved one fared, with an audit row", async () => {
    const { client, actor } = await harness.signIn("manager");
    const { id, name } = await connect(keysOf([]), client);
    const params = { registryId: id };
    const failed = await client.checkRegistry({ params, body: {} });
    expect(failed.ok).toBe(false);
    expect((await client.getRegistry({ params })).lastCheck).toEqual({
      at: failed.at,
      ok: false,
      code: "ECR_NO_TOKEN_PERM",
    });
    await client.updateRegistry({ params, body: keysOf() });
    const worked = await client.checkRegistry({ params, body: { repository: "team/base" } });
    expect((await client.getRegistry({ params })).lastCheck).toEqual({ at: worked.at, ok: true, code: null });
    const rows = await harness.database.db
      .selectFrom("audit_events")
      .selectAll()
      .where("target_id", "=", id)
      .orderBy("time")
      .execute();
    expect(rows.map(({ action }) => action)).toEqual([
      "registry.create",
      "secret.set",
      "registry.check",
      "secret.set",
      "registry.check",
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({ actor_username: actor.username, target_name: name, actor_ip: "127.0.0.1" });
    }
  });

  it("says that AWS is down when it is", async () => {
    const { id } = await connect();
    harness.sandbox.faults.add({ match: { service: "sts" }, effect: { status: 500, body: "" } });
    harness.sandbox.faults.add({ match: { service: "ecr" }, effect: { status: 500, body: "" } });
    const check = await manager.checkRegistry({ params: { registryId: id } });
    expect(check.ok).toBe(false);
    expect(steps(check)).toContain("AWS_OUTAGE");
  });
});

describe("browsing a registry", () => {
  const names = async (registryId: string, query: Record<string, unknown> = {}) => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await manager.listRepositories({
        params: { registryId },
        query: { ...query, ...(cursor && { cursor }) },
      });
      found.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor);
    return found;
  };

  it("pages and searches more repositories than ECR gives at once", async () => {
    const many = Array.from({ length: 2_300 }, (_, i) => `many/r${String(i).padStart(5, "0")}`);
    for (const name of many) harness.sandbox.createRepository({ name });
    const { id } = await connect();
    expect(await names(id, { search: "MANY/", limit: 1000 })).toEqual(many);
    expect(await names(id, { search: "r0229", limit: 3 })).toEqual(many.slice(2290));
    const before = harness.upstreamCalls.length;
    await names(id, { search: "r0001" });
    expect(harness.upstreamCalls).toHaveLength(before);
  });

  it("says which repositories are imported, from this registry", async () => {
    const [one, two] = [await connect(), await connect()];
    const image = await manager.importImage({ body: { registryId: one.id, repository: "team/base", tag: "1" } });
    const find = async (registryId: string) =>
      (await manager.listRepositories({ params: { registryId }, query: { search: "team/base" } })).items[0];
    expect(await find(one.id)).toMatchObject({ name: "team/base", imageId: image.id });
    expect(await find(two.id)).toMatchObject({ name: "team/base", imageId: null });
  });

  it("lists tags newest first, with what is known of them", async () => {
    for (const tag of ["1.0", "1.1", "2.0"]) {
      await harness.sandbox.pushImage("team/tags", tag, { config: { Labels: { tag } } });
      harness.sandbox.advance(60_000);
    }
    const { id } = await connect();
    const params = { registryId: id };
    await manager.importImage({ body: { registryId: id, repository: "team/tags", tag: "1.1" } });
    const first = await manager.listRegistryTags({ params, query: { repository: "team/tags", limit: 2 } });
    expect(first.items.map(({ tag, imported }) => [tag, imported])).toEqual([
      ["2.0", false],
      ["1.1", true],
    ]);
    expect(first.items[0]).toMatchObject({ digest: expect.stringMatching(/^sha256:/), sizeBytes: expect.any(Number) });
    const query = { repository: `${harness.host}/team/tags`, limit: 2, cursor: first.nextCursor ?? "" };
    expect((await manager.listRegistryTags({ params, query })).items.map(({ tag }) => tag)).toEqual(["1.0"]);
    const search = { repository: "team/tags", search: "1." };
    expect((await manager.listRegistryTags({ params, query: search })).items.map(({ tag }) => tag)).toEqual([
      "1.1",
      "1.0",
    ]);
  });

  it.each([
    ["no-such/repository", "ECR_REPO_NOT_FOUND", 404],
    ["../../etc", "REFERENCE_MALFORMED", 400],
    ["🐳", "REFERENCE_MALFORMED", 400],
    ["999999999999.dkr.ecr.us-east-1.amazonaws.com/team/base", "REQUEST_INVALID", 400],
  ])("has no tags of %j", async (repository, code, status) => {
    const { id } = await connect();
    const asked = manager.listRegistryTags({ params: { registryId: id }, query: { repository } });
    expect(await problemOf(asked)).toMatchObject({ code, status });
  });

  it("refuses a cursor of another list", async () => {
    const { id } = await connect();
    const asked = manager.listRepositories({ params: { registryId: id }, query: { cursor: "bm8" } });
    expect((await problemOf(asked)).code).toBe("REQUEST_INVALID");
  });

  it("finds nothing under the name of another region", async () => {
    const registry = harness.sandbox.registryHost(undefined, "eu-west-1");
    const { id } = await manager.createRegistry({ body: { name: uniqueName(), registry, ...keysOf() } });
    expect(await names(id)).toEqual([]);
    const body = { registryId: id, repository: "team/base", tag: "1" };
    expect((await problemOf(manager.importImage({ body }))).code).toBe("ECR_REPO_NOT_FOUND");
  });

  it("serves two registries on one host, each with what its own keys allow", async () => {
    await harness.sandbox.pushImage("team/other", "1");
    const [base, other] = [await connect(pullOnlyKeys("team/base")), await connect(pullOnlyKeys("team/other"))];
    const take = (registryId: string, repository: string) =>
      manager.importImage({ body: { registryId, repository, tag: "1" } });
    await take(base.id, "team/base");
    await take(other.id, "team/other");
    expect((await problemOf(take(base.id, "team/other"))).code).toBe("ECR_DENIED_IDENTITY");
    expect((await problemOf(take(other.id, "team/base"))).code).toBe("ECR_DENIED_IDENTITY");
  });

  it("says why a one-repository key cannot list, and that typed names work", async () => {
    const { id } = await connect(pullOnlyKeys("team/base"));
    const params = { registryId: id };
    for (const asked of [
      () => manager.listRepositories({ params }),
      () => manager.listRegistryTags({ params, query: { repository: "team/base" } }),
    ]) {
      const problem = await problemOf(asked());
      expect(problem.code).toBe("ECR_DENIED_IDENTITY");
      expect(problem.detail).toMatch(/typed/);
      expect(problem.fix?.text).toMatch(/^Type the name/);
      expect(problem.fix?.command).toContain("ecr:");
    }
    const body = { registryId: id, repository: "team/base", tag: "1" };
    expect((await manager.importImage({ body })).repository).toBe("team/base");
  });
});
