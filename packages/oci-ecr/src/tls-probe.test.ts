import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { testCertificate } from "@berth/oci/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { probeTls } from "./tls-probe.ts";

const { hostname, key, cert } = testCertificate;
const loopback = { allowedNetworks: ["127.0.0.0/8"] };
const resolve = async () => [{ address: "127.0.0.1", family: 4 }];

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer({ key, cert }, (socket) => socket.on("error", () => undefined).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((done) => server.close(done)));

const at = (name: string) => new URL(`https://${name}:${port}`);

describe("probeTls", () => {
  test("tells protocol and issuer of a certificate that is trusted", async () => {
    const probe = await probeTls(at(hostname), loopback, { resolve, ca: cert });
    expect(probe).toEqual({ protocol: "TLSv1.3", issuer: "Berth tests" });
  });

  test("an authority that nobody trusts is TLS_CA", async () => {
    await expect(probeTls(at(hostname), loopback, { resolve })).rejects.toMatchObject({ code: "TLS_CA" });
  });

  test("a certificate for another name is TLS_NAME", async () => {
    const probe = probeTls(at("other.test"), loopback, { resolve, ca: cert });
    await expect(probe).rejects.toMatchObject({ code: "TLS_NAME", evidence: { host: "other.test" } });
  });

  test("an address that is not permitted is never connected to", async () => {
    await expect(probeTls(at(hostname), {}, { resolve, ca: cert })).rejects.toMatchObject({
      code: "ADDRESS_FORBIDDEN",
    });
  });

  test("stops when the caller does", async () => {
    const reason = new Error("enough");
    const probe = probeTls(at(hostname), loopback, { resolve, ca: cert, signal: AbortSignal.abort(reason) });
    await expect(probe).rejects.toBe(reason);
  });
});
