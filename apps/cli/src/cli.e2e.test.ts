import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ContractServer, type Handlers, problem, startContractServer } from "./testing/contract-server.ts";
import { type Home, makeHome, resultOf } from "./testing/run-berth.ts";
import { host, ids, image, registry, user, workspace } from "./testing/samples.ts";

let home: Home;
let server: ContractServer | undefined;

beforeEach(async () => {
  home = await makeHome();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await home.remove();
});

async function serve(handlers: Handlers): Promise<{ BERTH_URL: string; BERTH_TOKEN: string }> {
  server = await startContractServer(handlers);
  return { BERTH_URL: server.url, BERTH_TOKEN: "token-1" };
}

const configOf = async () => JSON.parse(await readFile(home.configFile, "utf8"));

describe("berth login", () => {
  const logins: unknown[] = [];
  const loginHandlers = (taken: string[] = []): Handlers => ({
    login: ({ body }) => {
      logins.push(body);
      if (body.password !== "correct horse")
        throw problem(401, "CREDENTIALS_WRONG", "The address or the password is wrong.");
      if (taken.includes(body.token?.name ?? "")) throw problem(409, "NAME_TAKEN", "There is such a token.");
      return { user, token: "berth_secret" };
    },
    getMe: ({ token }) => {
      if (token !== "berth_secret") throw problem(401, "TOKEN_INVALID", "The token is not valid.");
      return user;
    },
    logout: () => undefined,
  });

  test("takes the password from a pipe and keeps the token where its owner alone can read it", async () => {
    await serve(loginHandlers());
    const url = server!.url;
    const result = await home.berth(["login", url, "--email", "ada@example.com"], { input: "correct horse\n" });
    expect(result).toMatchObject({ code: 0, stderr: "", stdout: `Signed in to ${url} as ada@example.com.\n` });
    expect((await stat(home.configFile)).mode & 0o777).toBe(0o600);
    expect(await configOf()).toMatchObject({ current: url, servers: { [url]: { token: "berth_secret" } } });
    expect(await home.berth(["whoami", "--output", "json"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"ada@example.com"'),
    });
  });

  test("gives the token another name when this machine's is taken", async () => {
    logins.length = 0;
    const first = (await import("./sign-in.ts")).tokenNameFor((await import("node:os")).hostname());
    await serve(loginHandlers([first]));
    const result = await home.berth(["login", server!.url, "--email", "ada@example.com"], { input: "correct horse" });
    expect(result.code).toBe(0);
    expect(logins).toEqual([
      { email: "ada@example.com", password: "correct horse", token: { name: first, expiresInDays: 30 } },
      expect.objectContaining({ token: { name: expect.stringMatching(`^${first}-[0-9a-f]{6}$`), expiresInDays: 30 } }),
    ]);
  });

  test("a wrong password leaves with 3, keeps nothing and repeats neither password nor token", async () => {
    await serve(loginHandlers());
    const result = await home.berth(["login", server!.url, "--email", "a@example.com"], { input: "wrong battery\n" });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    expect(result.stderr).toBe("berth: The address or the password is wrong.\n(CREDENTIALS_WRONG · request req-1)\n");
    await expect(stat(home.configFile)).rejects.toThrow("ENOENT");
  });

  test("refuses to send a password in the clear to another machine, before anything is sent", async () => {
    const result = await home.berth(["login", "http://berth.example.com", "--email", "a@example.com"], {
      input: "x\n",
    });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("INSECURE_URL") });
  });

  test("without a password on standard input says that it is missing", async () => {
    const result = await home.berth(["login", "localhost:1", "--email", "a@example.com"]);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("The password is missing.") });
  });

  test("logout revokes the token and forgets the server", async () => {
    await serve(loginHandlers());
    await home.berth(["login", server!.url, "--email", "ada@example.com"], { input: "correct horse\n" });
    expect(await home.berth(["logout"])).toMatchObject({ code: 0, stdout: `Signed out of ${server!.url}.\n` });
    expect(server!.requests.at(-1)).toBe("POST /api/v1/logout");
    expect(await configOf()).toEqual({ servers: {} });
    expect((await home.berth(["whoami"])).code).toBe(3);
  });

  test("a saved token goes to its own server only", async () => {
    await serve(loginHandlers());
    await home.berth(["login", server!.url, "--email", "ada@example.com"], { input: "correct horse\n" });
    const result = await home.berth(["whoami", "--url", "http://127.0.0.1:1"]);
    expect(result).toMatchObject({ code: 3, stderr: expect.stringContaining("not signed in to http://127.0.0.1:1") });
  });

  test("makes a server current again without a password", async () => {
    await serve(loginHandlers());
    const url = server!.url;
    await home.berth(["login", url, "--email", "ada@example.com"], { input: "correct horse\n" });
    await writeFile(home.configFile, JSON.stringify({ ...(await configOf()), current: "https://other.example" }));
    expect(await home.berth(["login", url])).toMatchObject({ code: 0 });
    expect((await configOf()).current).toBe(url);
  });
});

describe("credentials from the environment", () => {
  test("BERTH_TOKEN_FILE is read, and its token is what the server gets", async () => {
    const tokens: unknown[] = [];
    const { BERTH_URL } = await serve({
      getMe: ({ token }) => {
        tokens.push(token);
        return user;
      },
    });
    const file = path.join(home.directory, "token");
    await writeFile(file, "from-file\n");
    expect((await home.berth(["whoami"], { env: { BERTH_URL, BERTH_TOKEN_FILE: file } })).code).toBe(0);
    expect(tokens).toEqual(["from-file"]);
  });

  test("a server that is not there is a sentence, retryable, 6", async () => {
    const env = await serve({});
    await server!.close();
    const result = await home.berth(["whoami"], { env });
    expect(result).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`No Berth server answers at ${env.BERTH_URL} (ECONNREFUSED).`),
    });
    const json = await home.berth(["whoami", "-o", "json"], { env });
    expect(json.stdout).toBe("");
    expect(JSON.parse(json.stderr)).toMatchObject({ code: "SERVER_UNREACHABLE", retryable: true });
  });
});

describe("berth registries", () => {
  test("add takes the secret from standard input and from nowhere else", async () => {
    const bodies: unknown[] = [];
    const env = await serve({
      createRegistry: ({ body }) => {
        bodies.push(body);
        return registry();
      },
    });
    const args = ["registries", "add", "prod", "--kind", "ecr", "--registry", host, "--access-key-id", "AKIAEXAMPLE"];
    const result = await home.berth(args, { env, input: "s3cr3t/key+\n" });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining(`Connected prod: ${host}.`) });
    expect(bodies).toEqual([
      { name: "prod", kind: "ecr", registry: host, accessKeyId: "AKIAEXAMPLE", secretAccessKey: "s3cr3t/key+" },
    ]);
    expect(await home.berth(args, { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("secret access key is missing"),
    });
    expect(await home.berth([...args, "--secret-access-key", "x"], { env })).toMatchObject({ code: 2 });
    expect(bodies).toHaveLength(1);
  });

  test("ls prints one page with its cursor, or every page with --all", async () => {
    const env = await serve({
      listRegistries: ({ query }) => {
        const at = Number(query.cursor ?? 0);
        return { items: [registry({ name: `r${at}` })], ...(at < 2 ? { nextCursor: String(at + 1) } : {}) };
      },
    });
    const names = async (...args: string[]) => {
      const { stdout } = await home.berth(["registries", "ls", "-o", "json", ...args], { env });
      const page = JSON.parse(stdout);
      return [page.items.map((item: { name: string }) => item.name), page.nextCursor];
    };
    expect(await names()).toEqual([["r0"], "1"]);
    expect(await names("--cursor", "1")).toEqual([["r1"], "2"]);
    expect(await names("--all")).toEqual([["r0", "r1", "r2"], undefined]);
    const page = await home.berth(["registries", "ls"], { env });
    expect(page.stdout.split("\n")[0]).toMatch(/^NAME {2}KIND {2}REGISTRY/);
    expect(page.stderr).toContain("--all");
  });

  test("a check that fails says what to do and leaves with 6", async () => {
    const failure = {
      code: "ECR_KEY_WRONG",
      title: "t",
      detail: "AWS does not know this key.",
      fix: { text: "Make a new key." },
      retryable: false,
    };
    const steps = [
      { id: "dns", title: "Find the host", status: "ok" as const, durationMs: 3 },
      { id: "token", title: "Get a token", status: "failed" as const, durationMs: 200, failure },
      { id: "list", title: "List repositories", status: "skipped" as const, durationMs: 0 },
    ];
    const env = await serve({
      listRegistries: () => ({ items: [registry()] }),
      checkRegistry: () => ({
        ok: false,
        at: new Date().toISOString(),
        durationMs: 203,
        summary: "The key is wrong.",
        steps,
      }),
    });
    const result = await home.berth(["registries", "check", "prod"], { env });
    expect(result.code).toBe(6);
    expect(result.stdout).toBe(
      "✓ Find the host (3 ms)\n✗ Get a token (200 ms)\n    AWS does not know this key. (ECR_KEY_WRONG)\n    Fix: Make a new key.\n- List repositories (skipped)\n\nThe key is wrong.\n",
    );
  });

  test("a terminal never obeys what a registry is called", async () => {
    const evil = "prod\u001b[2J\u202e";
    const env = await serve({ listRegistries: () => ({ items: [registry({ name: evil })] }) });
    const shown = await home.berth(["registries", "ls"], { env });
    expect(shown.stdout).toContain("prod\\x1b[2J\\u{202e}");
    const json = await home.berth(["registries", "ls", "-o", "json"], { env });
    expect(json.stdout).toContain("prod\\u001b[2J\\u202e");
    expect(JSON.parse(json.stdout).items[0].name).toBe(evil);
  });
});

describe("berth images import", () => {
  const other = registry({ id: ids.user, name: "other", registry: "210987654321.dkr.ecr.us-east-1.amazonaws.com" });
  const imports: unknown[] = [];
  const handlers = (registries: (typeof other)[]): Handlers => ({
    listRegistries: ({ query }) => ({ items: registries.filter(({ name }) => !query.name || name === query.name) }),
    importImage: ({ body }) => {
      imports.push(body);
      return image();
    },
  });
  const run = (env: Record<string, string>, ...args: string[]) => home.berth(["images", "import", ...args], { env });

  test("sends what was typed, the host taken off", async () => {
    imports.length = 0;
    const env = await serve(handlers([registry(), other]));
    const sizes = ["--cpu", "2", "--memory", "4", "--disk", "10"];
    expect((await run(env, `${host}/team/base:1`, "--registry", "prod", ...sizes)).code).toBe(0);
    expect((await run(env, `${host}/team/base:1`)).code).toBe(0);
    expect((await run(env, "team/base:1", "--registry", "prod", "--source-url", "https://example.com/x")).code).toBe(0);
    const common = { registryId: ids.registry, repository: "team/base", tag: "1", description: "" };
    expect(imports).toEqual([
      { ...common, sourceUrl: null, cpu: 2, memoryGb: 4, diskGb: 10 },
      { ...common, sourceUrl: null, cpu: 4, memoryGb: 4, diskGb: 10 },
      { ...common, sourceUrl: "https://example.com/x", cpu: 4, memoryGb: 4, diskGb: 10 },
    ]);
  });

  test.each([
    [
      "two registries on one host",
      [registry(), registry({ id: ids.user, name: "prod2" })],
      [`${host}/team/base:1`],
      "prod, prod2",
    ],
    ["no registry with that host", [other], [`${host}/team/base:1`], "Connected: other."],
    ["no tag", [registry()], [`${host}/team/base`, "--registry", "prod"], "names no tag"],
    ["a digest", [registry()], [`${host}/team/base@sha256:00`], "names a digest"],
    ["another registry's host", [registry(), other], [`${host}/team/base:1`, "--registry", "other"], "--registry prod"],
  ])("%s is refused in a sentence, and nothing is imported", async (_what, registries, args, sentence) => {
    imports.length = 0;
    const env = await serve(handlers(registries));
    expect(await run(env, ...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(sentence) });
    expect(imports).toEqual([]);
  });
});

describe("berth workspaces rm", () => {
  test("refuses without a terminal to ask on, and goes ahead with --yes", async () => {
    let deleted = 0;
    const env = await serve({
      listWorkspaces: () => ({ items: [workspace()] }),
      deleteWorkspace: () => {
        deleted += 1;
        return workspace({ status: "deleting", desired: "deleted" });
      },
    });
    expect(await home.berth(["ws", "rm", "dev"], { env, input: "y\n" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("CONFIRMATION_NEEDED"),
    });
    expect(deleted).toBe(0);
    expect(await home.berth(["ws", "rm", "dev", "--yes"], { env })).toMatchObject({
      code: 0,
      stdout: "Deleting dev.\n",
    });
    expect(deleted).toBe(1);
  });

  test("finds somebody else's by owner/name, and says so when there is none", async () => {
    const queries: unknown[] = [];
    const env = await serve({
      listWorkspaces: ({ query }) => {
        queries.push([query.owner, query.name]);
        return { items: [] };
      },
    });
    const result = await home.berth(["ws", "show", "kim/dev"], { env });
    expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining("There is no workspace kim/dev") });
    expect(queries).toEqual([["kim", "dev"]]);
  });
});

describe("the process", () => {
  test.each([
    [404, 4],
    [503, 6],
  ])("a problem of status %i leaves with %i, on stderr as JSON when asked", async (status, code) => {
    const env = await serve({
      getMe: () => {
        throw problem(status, "SOME_CODE", "It did not work.", { fix: { text: "Do this.", command: "berth x" } });
      },
    });
    const result = await home.berth(["whoami", "--output=json"], { env });
    expect(result).toMatchObject({ code, stdout: "" });
    expect(JSON.parse(result.stderr)).toMatchObject({ status, code: "SOME_CODE", requestId: "req-1" });
  });

  test("Ctrl-C leaves with 130 and says nothing more", async () => {
    const env = await serve({ getMe: () => new Promise(() => undefined) });
    const child = home.start(["whoami"], env);
    const ended = resultOf(child);
    while (server!.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, stdout: "", stderr: "" });
  });

  test("a reader that goes away is no failure to talk about", async () => {
    const env = await serve({ listRegistries: () => ({ items: Array.from({ length: 1000 }, () => registry()) }) });
    const child = home.start(["registries", "ls", "-o", "json"], env);
    child.stdout.destroy();
    const stderr: Buffer[] = [];
    child.stderr.on("data", (chunk) => stderr.push(chunk));
    await once(child, "close");
    expect(Buffer.concat(stderr).toString()).toBe("");
  });

  test("runs through a link on the PATH", async () => {
    const { symlink } = await import("node:fs/promises");
    const { berthProgram } = await import("./testing/run-berth.ts");
    await symlink(berthProgram, path.join(home.directory, "first"));
    await symlink("first", path.join(home.directory, "berth"));
    const { spawn } = await import("node:child_process");
    const child = spawn("berth", ["--version"], {
      env: { ...home.env, PATH: `${home.directory}:${home.env.PATH}` },
      stdio: "pipe",
    });
    expect(await resultOf(child)).toMatchObject({ code: 0, stdout: "0.1.0\n" });
  });
});
