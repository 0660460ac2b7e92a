import net from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { announcement } from "./announcement.ts";
import { dockerHostOf, sandboxEnvironment, serverEnvironment } from "./child-environment.ts";
import { loopbackPort, portRefusal } from "./ports.ts";
import { sandboxReadiness } from "./sandbox.ts";
import { accountOf } from "./sandbox-ecr.ts";
import { serverReadiness } from "./server.ts";
import { readSettings } from "./settings.ts";

const sandbox = {
  host: "127.0.0.1:40001",
  registry: "000000000000.dkr.ecr.us-east-1.amazonaws.com",
  accessKeyId: "AKIAEXAMPLE",
  secretAccessKey: "secret/example",
};

describe("announcement", () => {
  const server = {
    url: "http://localhost:7080/",
    setupUrl: "http://localhost:7080/setup#token=t",
    installationId: "i",
  };

  test("has the lines that scripts read", () => {
    expect(announcement(server, sandbox)).toBe(
      [
        "Berth: http://localhost:7080",
        "Set-up: http://localhost:7080/setup#token=t",
        "Registry: 000000000000.dkr.ecr.us-east-1.amazonaws.com",
        "Access key ID: AKIAEXAMPLE",
        "Secret access key: secret/example",
        "",
      ].join("\n"),
    );
  });

  test("leaves the set-up out once there is an administrator", () => {
    expect(announcement({ ...server, setupUrl: undefined }, sandbox)).not.toContain("Set-up");
  });
});

describe("readSettings", () => {
  test("has defaults, and BERTH_DATA_DIR and BERTH_PORT over them", () => {
    expect(readSettings({}, "/home/ada")).toEqual({
      dataDirectory: "/home/ada/.local/share/berth",
      listen: { host: "127.0.0.1", port: 7080 },
    });
    expect(readSettings({ BERTH_DATA_DIR: "/srv/berth", BERTH_PORT: "80" }, "/home/ada")).toMatchObject({
      dataDirectory: "/srv/berth",
      listen: { port: 80 },
    });
  });

  test.each(["http", "0", "70000", "7080.5"])("refuses the port %s with a sentence", (BERTH_PORT) => {
    expect(() => readSettings({ BERTH_PORT }, "/home/ada")).toThrow(`BERTH_PORT=${BERTH_PORT} is no port`);
  });
});

describe("ports", () => {
  const listener = async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return (server.address() as net.AddressInfo).port;
  };

  test("a port that is taken is refused by number, a free one is not", async () => {
    const taken = await listener();
    expect(await portRefusal({ host: "127.0.0.1", port: taken })).toContain(`Port ${taken} is in use`);
    expect(await portRefusal({ host: "127.0.0.1", port: await loopbackPort(undefined) })).toBeUndefined();
  });

  test("the remembered port is kept while it is free, and replaced when it is not", async () => {
    const free = await loopbackPort(undefined);
    expect(await loopbackPort(free)).toBe(free);
    const taken = await listener();
    expect(await loopbackPort(taken)).not.toBe(taken);
  });
});

describe("environments of what is started", () => {
  const shell = {
    PATH: "/bin",
    HOME: "/home/ada",
    AWS_SECRET_ACCESS_KEY: "hidden",
    AWS_PROFILE: "work",
    AWS_ENDPOINT_URL_STS: "http://elsewhere",
    HTTPS_PROXY: "http://proxy:3128",
    no_proxy: "intranet, 127.0.0.1",
    npm_config_registry: "https://npm.example.com",
    BERTH_ADMIN_EMAIL: "a@example.com",
  };

  test("the sandbox gets nothing of AWS's, of Berth's, or of a proxy", () => {
    expect(sandboxEnvironment(shell)).toEqual({ PATH: "/bin", HOME: "/home/ada" });
  });

  test("the server gets the shell's, without a process-wide AWS endpoint, and what was found", () => {
    const env = serverEnvironment(shell, {
      dataDirectory: "/data",
      sandbox: sandbox.host,
      account: accountOf(sandbox.registry),
      agentRuntime: "/dist/agent",
      dockerHost: dockerHostOf({ socketPath: "/var/run/docker.sock" }),
    });
    expect(env).toEqual({
      PATH: "/bin",
      HOME: "/home/ada",
      AWS_SECRET_ACCESS_KEY: "hidden",
      AWS_PROFILE: "work",
      HTTPS_PROXY: "http://proxy:3128",
      NO_PROXY: "intranet,127.0.0.1,localhost,::1",
      no_proxy: "intranet,127.0.0.1,localhost,::1",
      BERTH_ADMIN_EMAIL: "a@example.com",
      BERTH_DATA_DIR: "/data",
      BERTH_AGENT_RUNTIME: "/dist/agent",
      BERTH_AWS_ENDPOINTS: '{"000000000000":{"api":"http://127.0.0.1:40001","registry":"127.0.0.1:40001"}}',
      DOCKER_HOST: "unix:///var/run/docker.sock",
    });
  });

  test.each([
    [{ host: "build", port: 2376, protocol: "https" as const }, "tcp://build:2376"],
    [{ host: "::1", port: 2375, protocol: "http" as const }, "tcp://[::1]:2375"],
  ])("an engine's address is written as DOCKER_HOST", (address, dockerHost) => {
    expect(dockerHostOf(address)).toBe(dockerHost);
  });
});

describe("readiness", () => {
  test("the sandbox is ready when it has said all four things, and what it says stays out of the log", () => {
    const read = sandboxReadiness();
    const said = [
      `Registry: ${sandbox.registry}`,
      `Endpoint: http://${sandbox.host}`,
      `Access key ID: ${sandbox.accessKeyId}`,
      `Secret access key: ${sandbox.secretAccessKey}`,
    ].map((line) => read(line));
    expect(said.map(({ isPrivate }) => isPrivate)).toEqual([true, true, true, true]);
    expect(said.map(({ ready }) => ready)).toEqual([undefined, undefined, undefined, sandbox]);
    expect(read("GET /v2/ 200")).toEqual({ isPrivate: false });
  });

  test("the server is ready when it says so; its log lines are its log's", () => {
    const line = { event: "ready", url: "http://localhost:7080/", setupUrl: null, installationId: "i" };
    expect(serverReadiness(JSON.stringify(line))).toEqual({
      isPrivate: true,
      ready: { url: "http://localhost:7080/", setupUrl: undefined, installationId: "i" },
    });
    expect(serverReadiness('{"level":"info","msg":"ready"}')).toEqual({ isPrivate: false });
    expect(serverReadiness("{ not JSON")).toEqual({ isPrivate: false });
  });
});
