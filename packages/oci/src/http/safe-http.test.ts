import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { classifyAddress, mayConnect } from "./address-policy.ts";
import { redirectsTo } from "./redirect.ts";
import { SafeHttp, type SafeHttpOptions } from "./safe-http.ts";
import { resolveVetted, vettedLookup } from "./vetted-lookup.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<URL> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function client(options: SafeHttpOptions): SafeHttp {
  const http = new SafeHttp(options);
  closing.push(() => http.close());
  return http;
}

describe("classifyAddress", () => {
  test.each([
    ["93.184.216.34", "public"],
    ["2606:4700::1111", "public"],
    ["10.0.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "private"],
    ["fd12::1", "private"],
    ["127.0.0.1", "forbidden"],
    ["127.9.9.9", "forbidden"],
    ["0.0.0.0", "forbidden"],
    ["169.254.169.254", "forbidden"],
    ["169.254.170.2", "forbidden"],
    ["169.254.170.23", "forbidden"],
    ["fd00:ec2::254", "forbidden"],
    ["fd00:ec2::23", "forbidden"],
    ["fe80::1", "forbidden"],
    ["::1", "forbidden"],
    ["::", "forbidden"],
    ["224.0.0.1", "forbidden"],
    ["255.255.255.255", "forbidden"],
    ["::ffff:127.0.0.1", "forbidden"],
    ["::ffff:10.0.0.1", "private"],
    ["::127.0.0.1", "forbidden"],
    ["64:ff9b::7f00:1", "forbidden"],
    ["64:ff9b::5db8:d822", "public"],
    ["64:ff9b:1::5db8:d822", "forbidden"],
    ["2002:7f00:1::", "forbidden"],
  ])("%s is %s", (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });
});

describe("mayConnect", () => {
  test("an allowed range opens exactly that range", () => {
    const policy = { allowedNetworks: ["10.20.0.0/16"] };
    expect(mayConnect(policy, "r.example", "10.20.3.4")).toBe(true);
    expect(mayConnect(policy, "r.example", "::ffff:10.20.3.4")).toBe(true);
    expect(mayConnect(policy, "r.example", "10.21.3.4")).toBe(false);
    expect(mayConnect(policy, "r.example", "169.254.169.254")).toBe(false);
  });

  test("a name that may be private still may not be loopback or the metadata service", () => {
    const policy = { mayBePrivate: (name: string) => name === "api.example" };
    expect(mayConnect(policy, "api.example", "10.0.0.9")).toBe(true);
    expect(mayConnect(policy, "other.example", "10.0.0.9")).toBe(false);
    expect(mayConnect(policy, "api.example", "127.0.0.1")).toBe(false);
    expect(mayConnect(policy, "api.example", "169.254.169.254")).toBe(false);
  });
});

describe("resolveVetted", () => {
  test("one bad address among good ones spoils the name", async () => {
    const resolve = async () => [
      { address: "93.184.216.34", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
    await expect(resolveVetted("r.example", {}, resolve)).rejects.toMatchObject({
      code: "ADDRESS_FORBIDDEN",
      evidence: { host: "r.example", address: "127.0.0.1" },
    });
  });

  test("a name without addresses, or unknown to the resolver, is DNS", async () => {
    await expect(resolveVetted("r.example", {}, async () => [])).rejects.toMatchObject({ code: "DNS" });
    const broken = () => Promise.reject(new Error("queryA ENOTFOUND"));
    await expect(resolveVetted("r.example", {}, broken)).rejects.toMatchObject({ code: "DNS" });
  });

  test("the socket's lookup gives the vetted address, and vets again for the next socket", async () => {
    const answers = ["93.184.216.34", "127.0.0.1"];
    const lookup = vettedLookup({}, async () => [{ address: answers.shift() ?? "", family: 4 }]);
    const ask = () =>
      new Promise((resolve, reject) =>
        lookup("r.example", {}, (error, address) => (error ? reject(error) : resolve(address))),
      );
    expect(await ask()).toBe("93.184.216.34");
    await expect(ask()).rejects.toMatchObject({ code: "ADDRESS_FORBIDDEN" });
  });
});

describe("SafeHttp", () => {
  test("answers with status, headers, body, and how far the other clock is ahead", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(418, { date: new Date(1_000_060_000).toUTCString(), "x-a": ["1", "2"] }).end("tea");
    });
    const http = client({ trustedOrigins: [url.origin], now: () => 1_000_000_000 });
    const answer = await http.request({ url, maxBytes: 10 });
    expect(answer).toMatchObject({ status: 418, skewMs: 60_000, headers: { "x-a": "1, 2" } });
    expect(answer.body.toString()).toBe("tea");
  });

  test.each([
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://[::ffff:169.254.169.254]/",
    "https://localhost/",
  ])("refuses %s", async (url) => {
    const request = client({}).request({ url: new URL(url), maxBytes: 1 });
    await expect(request).rejects.toMatchObject({ code: "ADDRESS_FORBIDDEN" });
  });

  test("refuses a name that resolves to a forbidden address when the socket is made", async () => {
    const http = client({ resolve: async () => [{ address: "169.254.169.254", family: 4 }] });
    const request = http.request({ url: new URL("https://r.example/"), maxBytes: 1 });
    await expect(request).rejects.toMatchObject({
      code: "ADDRESS_FORBIDDEN",
      message: expect.stringContaining("r.example leads to 169.254.169.254"),
    });
  });

  test("refuses plain HTTP, and credentials in the address, where an operator did not say otherwise", async () => {
    const http = client({ trustedOrigins: ["http://127.0.0.1:1"] });
    for (const url of ["http://93.184.216.34/", "http://127.0.0.1:2/", "https://u:p@r.example/"]) {
      const request = http.request({ url: new URL(url), maxBytes: 1 });
      await expect(request).rejects.toMatchObject({ code: "URL_FORBIDDEN" });
    }
  });

  test("stops at the byte limit without reading the rest", async () => {
    const url = await serve((_request, response) => {
      const pour = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", pour);
      pour();
    });
    const http = client({ trustedOrigins: [url.origin] });
    await expect(http.request({ url, maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: "RESPONSE_TOO_LARGE",
      evidence: { limit: 1_000_000 },
    });
  });

  test("a server that never answers is NET_TIMEOUT; a caller who gives up gets its own reason", async () => {
    const url = await serve(() => undefined);
    const http = client({ trustedOrigins: [url.origin] });
    await expect(http.request({ url, maxBytes: 1, timeoutMs: 50 })).rejects.toMatchObject({ code: "NET_TIMEOUT" });
    const reason = new Error("enough");
    const controller = new AbortController();
    const request = http.request({ url, maxBytes: 1, signal: controller.signal });
    controller.abort(reason);
    await expect(request).rejects.toBe(reason);
  });

  test("nobody at the port is NET_REFUSED, a name that does not exist is DNS", async () => {
    const url = await serve(() => undefined);
    for (const close of closing.splice(0)) await close();
    const request = client({ trustedOrigins: [url.origin] }).request({ url, maxBytes: 1 });
    await expect(request).rejects.toMatchObject({ code: "NET_REFUSED", evidence: { host: url.host } });
    const unknown = client({}).request({ url: new URL("https://r.invalid/"), maxBytes: 1 });
    await expect(unknown).rejects.toMatchObject({ code: "DNS" });
  });

  test("a redirect needs the policy's yes, and loses credentials on the way to another origin", async () => {
    const seen: Record<string, unknown>[] = [];
    const storage = await serve((request, response) => {
      seen.push(request.headers);
      response.end("layer");
    });
    const registry = await serve((_request, response) => {
      response.writeHead(307, { location: `${storage.origin}/blob?X-Amz-Signature=secret` }).end();
    });
    const http = client({ trustedOrigins: [storage.origin, registry.origin] });
    const headers = { authorization: "Basic x", cookie: "a=b", "x-amz-security-token": "t", range: "bytes=0-0" };

    const refused = http.request({ url: registry, headers, maxBytes: 10 });
    await expect(refused).rejects.toMatchObject({ code: "REDIRECT_FORBIDDEN", evidence: { url: storage.origin } });
    await expect(refused).rejects.not.toThrow("secret");
    expect(seen).toEqual([]);

    const answer = await http.request({ url: registry, headers, maxBytes: 10, redirects: redirectsTo([storage.host]) });
    expect(answer.body.toString()).toBe("layer");
    expect(answer.url.origin).toBe(storage.origin);
    expect(seen[0]).toMatchObject({ range: "bytes=0-0" });
    expect(Object.keys(seen[0] ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/authorization|cookie|x-amz/)]),
    );
  });

  test("a redirect within the origin keeps credentials, a circle ends", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/end") response.end(request.headers.authorization);
      else response.writeHead(302, { location: request.url === "/circle" ? "/circle" : "/end" }).end();
    });
    const http = client({ trustedOrigins: [url.origin] });
    const options = { headers: { authorization: "Basic x" }, maxBytes: 100, redirects: redirectsTo([]) };
    expect((await http.request({ url, ...options })).body.toString()).toBe("Basic x");
    const circle = http.request({ url: new URL("/circle", url), ...options });
    await expect(circle).rejects.toMatchObject({ code: "REDIRECT_FORBIDDEN" });
  });

  test("a permitted redirect to an unvetted address is refused all the same", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(307, { location: "https://169.254.169.254/latest/meta-data/" }).end();
    });
    const request = client({ trustedOrigins: [url.origin] }).request({ url, maxBytes: 10, redirects: () => true });
    await expect(request).rejects.toMatchObject({ code: "ADDRESS_FORBIDDEN" });
  });
});
