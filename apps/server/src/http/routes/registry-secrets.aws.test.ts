import { createClient } from "@berth/api";
import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { findInTables, holdsCanary } from "@berth/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientConfig } from "../../db/open-database.ts";
import { problemOf } from "../../testing/problem-of.ts";
import { createTestServer, type TestServer } from "../../testing/test-server.ts";

let sandbox: TestSandbox;
let server: TestServer;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  const endpoint = { api: new URL(sandbox.url), registry: sandbox.host };
  server = await createTestServer({ awsEndpoints: new Map([[sandbox.account, endpoint]]) });
  await sandbox.pushImage("team/base", "1");
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

function keysOf(name: string, policies = ["AmazonEC2ContainerRegistryReadOnly"]) {
  const { accessKeyId, secretAccessKey } = sandbox.createUser({ name, policies });
  return { accessKeyId, secretAccessKey };
}

it("lets no secret out of the whole server: not in answers, not in logs, not in any table", async () => {
  const answers: string[] = [];
  const recordingFetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    answers.push(await response.clone().text(), JSON.stringify([...response.headers]));
    return response;
  };
  const client = createClient({ baseUrl: server.url, token: server.admin.token, fetch: recordingFetch });
  const [first, second, denied] = [keysOf("first"), keysOf("second"), keysOf("denied", [])];
  const registry = sandbox.registryHost();

  await client.checkNewRegistry({ body: { registry, ...first } });
  await client.checkNewRegistry({ body: { registry, ...denied } });
  const { id } = await client.createRegistry({ body: { name: "prod", registry, ...first } });
  const params = { registryId: id };
  await client.checkRegistry({ params, body: { repository: "team/base" } });
  await client.listRepositories({ params });
  await client.listRegistryTags({ params, query: { repository: "team/base" } });
  const image = await client.importImage({ body: { registryId: id, repository: "team/base", tag: "1" } });
  await client.refreshImage({ params: { imageId: image.id } });
  await problemOf(client.createRegistry({ body: { name: "PROD", registry, ...second } }));
  await problemOf(client.createRegistry({ body: { name: "other", registry: "evil.example", ...second } }));
  await problemOf(client.createRegistry({ body: { name: 7 as never, registry, ...second } }));
  await client.updateRegistry({ params, body: second });
  await client.updateRegistry({ params, body: denied });
  await problemOf(client.refreshImage({ params: { imageId: image.id } }));
  const shown = await client.getRegistry({ params });

  const database = new pg.Client(clientConfig(server.database.address));
  // Dropping the database ends what is still closing; that is no failure.
  database.on("error", () => undefined);
  await database.connect();
  for (const { secretAccessKey } of [first, second, denied]) {
    expect(await findInTables(database, secretAccessKey)).toEqual([]);
    expect(answers.filter((answer) => holdsCanary(answer, secretAccessKey))).toEqual([]);
    expect(server.logs.filter((line) => holdsCanary(line, secretAccessKey))).toEqual([]);
  }
  expect(answers.filter((answer) => answer.includes(first.accessKeyId))).toEqual([]);
  expect(await findInTables(database, denied.accessKeyId)).toEqual(["public.registries"]);
  await database.end();
  expect(shown.credentials?.accessKeyId).toBe(`AKIA…${denied.accessKeyId.slice(-4)}`);
  expect(server.logs.length).toBeGreaterThan(10);
});
