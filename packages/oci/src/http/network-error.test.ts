import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RegistryError } from "../errors.ts";
import { testCertificate } from "../testing/test-certificate.ts";
import { networkError } from "./network-error.ts";
import { SafeHttp, type SafeHttpOptions } from "./safe-http.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

function get(url: string, options: SafeHttpOptions = {}) {
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const http = new SafeHttp({ resolve, addresses: { allowedNetworks: ["127.0.0.0/8"] }, ...options });
  closing.unshift(() => http.close());
  return http.request({ url: new URL(url), maxBytes: 1_000 });
}

describe("over a real connection", () => {
  const { key, cert, hostname } = testCertificate;

  test("TLS that is trusted, of an unknown authority, and for another name", async () => {
    const port = await listen(createServer({ key, cert }, (_request, response) => response.end("ok")));
    expect((await get(`https://${hostname}:${port}/`, { ca: cert })).body.toString()).toBe("ok");
    await expect(get(`https://${hostname}:${port}/`)).rejects.toMatchObject({ code: "TLS_CA" });
    await expect(get(`https://other.test:${port}/`, { ca: cert })).rejects.toMatchObject({ code: "TLS_NAME" });
  });

  test("something that speaks no TLS, and something that hangs up", async () => {
    const chatty = await listen(
      createTcpServer((socket) =>
        socket
          .on("error", () => undefined)
          .resume()
          .end("SSH-2.0-x\r\n"),
      ),
    );
    await expect(get(`https://${hostname}:${chatty}/`)).rejects.toMatchObject({ code: "V2_ANSWER_INVALID" });
    const rude = await listen(createTcpServer((socket) => socket.destroy()));
    await expect(get(`https://${hostname}:${rude}/`)).rejects.toMatchObject({ code: "NET_REFUSED" });
  });
});

describe("networkError", () => {
  const withCode = (code: string) => Object.assign(new Error("upstream words"), { code });

  test.each([
    ["ENOTFOUND", "DNS"],
    ["EAI_AGAIN", "DNS"],
    ["ETIMEDOUT", "NET_TIMEOUT"],
    ["UND_ERR_HEADERS_TIMEOUT", "NET_TIMEOUT"],
    ["EHOSTUNREACH", "NET_TIMEOUT"],
    ["ECONNREFUSED", "NET_REFUSED"],
    ["ECONNRESET", "NET_REFUSED"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "TLS_CA"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "TLS_CA"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "TLS_NAME"],
    ["CERT_HAS_EXPIRED", "TLS_EXPIRED"],
    ["CERT_NOT_YET_VALID", "TLS_EXPIRED"],
  ])("%s is %s, also when wrapped", (code, ours) => {
    const wrapped = new TypeError("fetch failed", { cause: new AggregateError([withCode(code)], "all failed") });
    for (const error of [withCode(code), wrapped]) {
      const known = networkError(error, { host: "r.example" });
      expect(known).toMatchObject({ code: ours, evidence: { host: "r.example" } });
      expect(known?.message).not.toContain("upstream words");
    }
  });

  test("our own refusal inside a socket's error stays what it is", () => {
    const refusal = new RegistryError("ADDRESS_FORBIDDEN");
    expect(networkError(new Error("connect", { cause: refusal }), {})).toBe(refusal);
  });

  test("what is no network failure is left to the caller, also when its causes go in a circle", () => {
    expect(networkError(new Error("bug"), {})).toBeUndefined();
    expect(networkError("text", {})).toBeUndefined();
    const circle = new Error("circle");
    circle.cause = circle;
    expect(networkError(circle, {})).toBeUndefined();
  });
});
