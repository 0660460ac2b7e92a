import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ChangeListener } from "../listen.ts";
import { clientConfig, type DatabaseAddress } from "../open-database.ts";
import { EmbeddedPostgres } from "./embedded-postgres.ts";

let directory: string;
let running: EmbeddedPostgres[];
let warnings: string[];
let children: ChildProcess[];
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "berth-embedded-"));
  running = [];
  warnings = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const postgres of running) await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

async function start(below = directory): Promise<EmbeddedPostgres> {
  const log = { info: () => undefined, warn: (message: string) => warnings.push(message) };
  const postgres = await EmbeddedPostgres.start({ directory: below, log });
  running.push(postgres);
  return postgres;
}

/** A query on a connection of its own. */
async function query(address: DatabaseAddress, sql: string): Promise<unknown[]> {
  const client = new pg.Client(clientConfig(address));
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const source = fileURLToPath(new URL("./embedded-postgres.ts", import.meta.url));
const script = `
  const { EmbeddedPostgres } = await import(${JSON.stringify(source)});
  const log = { info() {}, warn() {} };
  const postgres = await EmbeddedPostgres.start({ directory: process.argv[1], log });
  console.log(postgres.pid);
  setInterval(() => {}, 1000);
`;

/** Runs one in a process of its own, so that this process can be killed. Gives PostgreSQL's process id. */
async function startElsewhere(env: Record<string, string> = {}): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, directory], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout?.on("data", (chunk) => resolve(Number(chunk)));
    child.once("exit", (code) => reject(new Error(`It ended with ${code}.`)));
  });
  return { child, pid };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** A process that ended stays as a zombie where nobody reaps it. */
const isAlive = async (pid: number) => {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return status !== "" && !/\) Z /.test(status);
};

/** A search path with these programs alone. */
async function pathOf(...programs: string[]): Promise<{ PATH: string }> {
  const bin = path.join(directory, "bin");
  await mkdir(bin);
  for (const program of programs) await symlink(`/usr/bin/${program}`, path.join(bin, program));
  return { PATH: bin };
}

describe("EmbeddedPostgres", () => {
  test("keeps what was committed over stop and start, and listens on no network", async () => {
    const first = await start();
    await query(first.address(), "CREATE TABLE kept AS SELECT 42 AS answer");
    expect(await query(first.address(), "SHOW listen_addresses")).toEqual([{ listen_addresses: "" }]);
    await first.stop();
    expect(await query((await start()).address(), "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  });

  test("comes back when it is killed while we live, and listeners with it", async () => {
    const postgres = await start();
    await query(postgres.address(), "CREATE TABLE kept AS SELECT 42 AS answer");
    const lost: Error[] = [];
    const listener = await ChangeListener.start({ address: postgres.address(), onLost: (error) => lost.push(error) });
    try {
      const gap = new Promise<void>((resolve) => listener.onGap(resolve));
      const heard = new Promise((resolve) => listener.subscribe("things", resolve));
      process.kill(postgres.pid!, "SIGKILL");
      await gap;
      expect(lost).toHaveLength(1);
      await query(postgres.address(), "SELECT pg_notify('berth', 'things 7 1')");
      expect(await heard).toEqual({ id: "7", version: "1" });
      expect(await query(postgres.address(), "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
      expect(warnings[0]).toMatch(/ended unexpectedly/);
    } finally {
      await listener.close();
    }
  });

  test("starts after its owner was killed, and ends with it", async () => {
    const { child, pid } = await startElsewhere();
    await kill(child);
    const postgres = await start();
    expect(await query(postgres.address(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(await isAlive(pid)).toBe(false);
  });

  test("stops an orphan that nothing told of its owner's end", async () => {
    const { child, pid } = await startElsewhere(await pathOf("unshare", "true"));
    await kill(child);
    expect(await isAlive(pid)).toBe(true);
    await start();
    expect(warnings.join()).toContain(String(pid));
    expect(await isAlive(pid)).toBe(false);
  });

  test("is not fooled by a pid file whose number is another program's now", async () => {
    await (await start()).stop();
    const stale = [process.pid, path.join(directory, "data"), 0, 5432, "", "", ""].join("\n");
    await writeFile(path.join(directory, "data", "postmaster.pid"), stale);
    expect(await query((await start()).address(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("refuses a folder that another Berth works on, and leaves that one alone", async () => {
    const { pid } = await startElsewhere();
    await expect(start()).rejects.toThrow(/Another Berth runs on/);
    expect(await isAlive(pid)).toBe(true);
  });

  test("puts its socket elsewhere when its folder's path is too long for one", async () => {
    const deep = path.join(directory, "long".repeat(30));
    const postgres = await start(deep);
    const address = postgres.address() as { socketDirectory: string };
    expect(address.socketDirectory.length).toBeLessThan(80);
    expect(await query(address as DatabaseAddress, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await postgres.stop();
    await rm(address.socketDirectory, { recursive: true });
  });

  test("is made anew when its making was interrupted", async () => {
    await mkdir(path.join(directory, "data.new"));
    await writeFile(path.join(directory, "data.new", "half"), "made");
    expect(await query((await start()).address(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test.runIf(process.getuid?.() === 0)("runs as nobody where user namespaces are forbidden", async () => {
    await chmod(directory, 0o755);
    const { child, pid } = await startElsewhere(await pathOf("test"));
    expect((await stat(`/proc/${pid}`)).uid).toBe(65534);
    await kill(child);
    // A later start in a namespace takes over what is nobody's.
    process.kill(pid, "SIGINT");
    await expect.poll(() => isAlive(pid)).toBe(false);
    const postgres = await start();
    expect(await query(postgres.address(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});
