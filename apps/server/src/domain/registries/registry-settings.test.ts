import { RegistryError } from "@berth/oci";
import { describe, expect, it } from "vitest";
import { readHost, readSettings, readSettingsChange } from "./registry-settings.ts";

/** Hosts of a make-believe registry, `ACCOUNT.REGION.example`, with another name for each behind `fips.`. */
const hosts = {
  parseHost(name: string) {
    const [, accountId, region] = /^(?:fips\.)?(\d+)\.([a-z]+)\.example$/.exec(name) ?? [];
    if (!accountId || !region) throw new RegistryError("REGISTRY_HOST_INVALID", { host: name });
    return { registryHost: name, accountId, region, partition: "p" };
  },
};
const keys = { accessKeyId: "AKIA1", secretAccessKey: "secret" };

describe("readHost", () => {
  it.each([
    "1.west.example",
    " https://1.west.example/ ",
    "1.west.example/team/base:1",
    "http://1.west.example/a@sha256:b",
  ])("finds the registry in %j", (text) => {
    expect(readHost(text, hosts).registryHost).toBe("1.west.example");
  });

  it.each(["", "/", "https://", "evil.example/1.west.example", "me@1.west.example", "1.west.example\n.evil.example"])(
    "refuses %j and points at the field",
    (text) => {
      expect(() => readHost(text, hosts)).toThrow(
        expect.objectContaining({
          code: "REGISTRY_HOST_INVALID",
          errors: [expect.objectContaining({ path: "body.registry" })],
        }),
      );
    },
  );
});

describe("readSettings", () => {
  it("says that a kind is not supported before it complains of anything else", () => {
    expect(() => readSettings({ kind: "ghcr", registry: "nonsense" }, hosts)).toThrow(
      expect.objectContaining({ code: "REGISTRY_KIND_UNSUPPORTED" }),
    );
  });
});

describe("readSettingsChange", () => {
  const change = (input: Parameters<typeof readSettingsChange>[1]) =>
    readSettingsChange("1.west.example", input, hosts);

  it("changes nothing when nothing is given, and nothing when the host is the same", () => {
    expect(change({})).toEqual({ isElsewhere: false });
    expect(change({ registry: "https://1.west.example/" })).toEqual({ isElsewhere: false });
  });

  it("takes new keys for the same host", () => {
    expect(change({ ...keys })).toEqual({ isElsewhere: false, keys });
  });

  it("wants the keys again for another host, even for another name of the same registry", () => {
    for (const registry of ["2.west.example", "fips.1.west.example"]) {
      expect(() => change({ registry })).toThrow(expect.objectContaining({ code: "REGISTRY_KEYS_INCOMPLETE" }));
    }
  });

  it.each([
    ["fips.1.west.example", false],
    ["1.east.example", true],
    ["2.west.example", true],
  ])("knows whether %s is another registry: %s", (registry, isElsewhere) => {
    expect(change({ registry, ...keys })).toMatchObject({ isElsewhere, host: { registryHost: registry }, keys });
  });
});
