import { describe, expect, it } from "vitest";
import { formatAddress, parseDockerHost } from "./engine-address.ts";

const tls = { ca: "ca", cert: "cert", key: "key" };

describe("DOCKER_HOST", () => {
  it.each([
    ["unix:///var/run/docker.sock", undefined, { socketPath: "/var/run/docker.sock" }],
    ["tcp://10.0.0.1:2375", undefined, { host: "10.0.0.1", port: 2375, protocol: "http" }],
    ["tcp://docker.example.com", undefined, { host: "docker.example.com", port: 2375, protocol: "http" }],
    ["tcp://docker.example.com", tls, { host: "docker.example.com", port: 2376, protocol: "https", ...tls }],
    ["https://docker.example.com:443/", undefined, { host: "docker.example.com", port: 443, protocol: "https" }],
    ["tcp://[::1]:2375", undefined, { host: "::1", port: 2375, protocol: "http" }],
    ["10.0.0.1:2375", undefined, { host: "10.0.0.1", port: 2375, protocol: "http" }],
  ])("%s is an address", (value, material, address) => {
    expect(parseDockerHost(value, material)).toEqual({ address });
  });

  it.each([
    ["npipe:////./pipe/docker_engine", /Windows pipe/],
    ["ssh://me@host", /ssh:\/\/ is not supported/],
    ["unix://docker.sock", /absolute socket path/],
    ["fd://", /unknown scheme/],
    ["tcp://", /not an address/],
    ["tcp://host:99999", /not an address/],
    ["tcp://user@host:1", /not an address/],
    ["tcp://host:2375/path", /not an address/],
  ])("%s is refused in a sentence", (value, sentence) => {
    expect(parseDockerHost(value)).toEqual({ refusal: expect.stringMatching(sentence) });
  });

  it("is shown to people without its certificates", () => {
    expect(formatAddress({ host: "h", port: 2376, protocol: "https", ...tls })).toBe("https://h:2376");
    expect(formatAddress({ socketPath: "/run/docker.sock" })).toBe("/run/docker.sock");
  });
});
