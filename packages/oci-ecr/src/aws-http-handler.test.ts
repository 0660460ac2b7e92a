import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { testCertificate } from "@berth/oci/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AwsClients } from "./aws-clients.ts";
import type { AwsCredentials } from "./aws-credentials.ts";
import { AwsHttpHandler, type AwsHttpHandlerOptions } from "./aws-http-handler.ts";
import { EcrApi } from "./ecr-api.ts";
import { resolveEndpoint } from "./ecr-endpoint.ts";
import { parseEcrHost } from "./ecr-host.ts";

let sandbox: TestSandbox;
const handlers: AwsHttpHandler[] = [];

beforeAll(async () => {
  sandbox = await startTestSandbox();
  for (const name of ["team/one", "team/two", "team/three"]) sandbox.createRepository({ name });
});
afterEach(() => {
  sandbox.faults.clear();
  for (const handler of handlers.splice(0)) handler.destroy();
});
afterAll(() => sandbox.close());

function apiAt(url: URL, options: Partial<AwsHttpHandlerOptions> = {}): { api: EcrApi; handler: AwsHttpHandler } {
  const host = parseEcrHost(sandbox.registryHost());
  const endpoint = resolveEndpoint(host, new Map([[host.accountId, { api: url, registry: url }]]));
  const handler = new AwsHttpHandler({ addresses: {}, now: Date.now, ...options });
  handlers.push(handler);
  const { accessKeyId, secretAccessKey } = sandbox.developer;
  const credentials: AwsCredentials = { kind: "static-keys", accessKeyId, secretAccessKey };
  return { api: new EcrApi(new AwsClients(endpoint, credentials, handler), host.accountId), handler };
}
const list = (api: EcrApi) => api.repositories({ maxResults: 10 }, undefined);

describe("AwsHttpHandler", () => {
  test("refuses an answer larger than the limit", async () => {
    const { api } = apiAt(new URL(sandbox.url), { maxAnswerBytes: 100 });
    await expect(list(api)).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE", evidence: { limit: 100 } });
  });

  test("an answer that breaks off is told as such, and tried again first", async () => {
    const calls: string[] = [];
    const { api } = apiAt(new URL(sandbox.url), { onCall: ({ operation }) => calls.push(operation) });
    sandbox.faults.add({ match: { operation: "DescribeRepositories" }, effect: { truncateAfterBytes: 20 } });
    await expect(list(api)).rejects.toMatchObject({ code: "NET_REFUSED", retryable: true });
    expect(calls).toEqual(["DescribeRepositories", "DescribeRepositories", "DescribeRepositories"]);
  });

  test("measures the clock of the endpoint that answered", async () => {
    const { api, handler } = apiAt(new URL(sandbox.url), { now: () => Date.now() - 60_000 });
    expect(handler.skewOf(new URL(sandbox.url))).toBeUndefined();
    await list(api);
    expect(Math.abs((handler.skewOf(new URL(sandbox.url)) ?? 0) - 60_000)).toBeLessThan(10_000);
  });

  test("tells STS's operations too", async () => {
    const calls: unknown[] = [];
    const { api } = apiAt(new URL(sandbox.url), { onCall: (call) => calls.push(call) });
    await api.callerIdentity(undefined);
    expect(calls).toEqual([{ service: "sts", operation: "GetCallerIdentity" }]);
  });

  test("checks certificates, and connects to loopback by name only where an operator said so", async () => {
    const server = createServer(testCertificate).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
    await expect(list(apiAt(url).api)).rejects.toMatchObject({ code: "ADDRESS_FORBIDDEN" });
    const trusting = apiAt(url, { trustedHostnames: new Set(["localhost"]) });
    await expect(list(trusting.api)).rejects.toMatchObject({ code: "TLS_CA", evidence: { host: url.host } });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
});
