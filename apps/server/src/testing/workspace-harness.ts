import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Workspace as WorkspaceView } from "@berth/api";
import type { PullCredential } from "@berth/provider";
import { FakeEngine, FakeProvider } from "@berth/provider/fake";
import { ChangeListener } from "../db/listen.ts";
import type { Actor } from "../domain/actor.ts";
import type { OfferedImage } from "../domain/workspaces/ports.ts";
import type { HandlerRequest } from "../http/handler.ts";
import { type WiredWorkspaces, type WorkspacesOptions, wireWorkspaces } from "../wire-workspaces.ts";
import { startFakeAgent } from "./fake-agent.ts";
import type { TestDatabase } from "./test-database.ts";
import { testDigest } from "./workspace-rows.ts";

export type HarnessOptions = {
  database: TestDatabase;
  engine?: FakeEngine;
  /** Containers start without an agent. */
  isWithoutAgents?: boolean;
  timing?: WorkspacesOptions["timing"];
  poolSize?: number;
};

/** Everything that makes workspaces run, on a real database and a fake engine whose containers have agents. */
export class WorkspaceHarness {
  readonly engine: FakeEngine;
  readonly provider: FakeProvider;
  readonly #wired: WiredWorkspaces;
  readonly #changes: ChangeListener;
  readonly #db: TestDatabase["db"];
  readonly #directory: string;
  /** Where tags point; a test moves them. */
  readonly tags = new Map<string, string | Error>([["1", testDigest]]);
  /** The login that pulls are given is the last; a purge adds a fresh one. */
  readonly logins: PullCredential[] = [];
  resolveCalls = 0;

  constructor(options: HarnessOptions, changes: ChangeListener, directory: string) {
    this.engine = options.engine ?? new FakeEngine();
    this.#changes = changes;
    this.#db = options.database.db;
    this.#directory = directory;
    this.provider = new FakeProvider({
      engine: this.engine,
      ...(options.isWithoutAgents ? {} : { onStart: startFakeAgent }),
    });
    this.#wired = wireWorkspaces({
      db: options.database.db,
      address: options.database.address,
      changes,
      provider: this.provider,
      images: this.#images(options.database),
      socketDirectory: directory,
      agentUrl: undefined,
      agentKeys: [agentKey],
      accessUrl: new URL("http://localhost:7080"),
      clock: () => new Date(),
      log: silent,
      timing: { sweepMs: 300, agentGraceMs: 200, connectTimeoutMs: 5_000, ...options.timing },
    });
  }

  static async start(options: HarnessOptions): Promise<WorkspaceHarness> {
    const changes = await ChangeListener.start({ address: options.database.address, onLost: () => undefined });
    const directory = await mkdtemp(path.join(tmpdir(), "berth-ws-"));
    const harness = new WorkspaceHarness(options, changes, directory);
    await harness.#wired.start();
    return harness;
  }

  get handlers() {
    return this.#wired.handlers;
  }

  get hub() {
    return this.#wired.hub;
  }

  /** A request as the HTTP layer would hand it over. */
  request<Parts extends object>(actor: Actor, parts: Parts) {
    return {
      params: undefined as never,
      query: undefined as never,
      body: undefined as never,
      actor,
      origin: { requestId: randomUUID(), ip: "127.0.0.1" },
      userAgent: null,
      sessionCookie: { set: () => undefined, clear: () => undefined },
      signal: new AbortController().signal,
      ...parts,
    };
  }

  async create(actor: Actor, imageId: string, name: string): Promise<WorkspaceView> {
    const body = { name, imageId } as HandlerRequest<never>["body"];
    return (await this.#wired.handlers.createWorkspace(this.request(actor, { body }))) as WorkspaceView;
  }

  async act(actor: Actor, action: "start" | "stop" | "restart" | "rebuild" | "cancel" | "delete", workspaceId: string) {
    const { handlers } = this.#wired;
    const handler = {
      start: handlers.startWorkspace,
      stop: handlers.stopWorkspace,
      restart: handlers.restartWorkspace,
      rebuild: handlers.rebuildWorkspace,
      cancel: handlers.cancelBuild,
      delete: handlers.deleteWorkspace,
    }[action];
    return (await handler(this.request(actor, { params: { workspaceId } }))) as WorkspaceView;
  }

  async get(actor: Actor, workspaceId: string): Promise<WorkspaceView> {
    return (await this.#wired.handlers.getWorkspace(this.request(actor, { params: { workspaceId } }))) as WorkspaceView;
  }

  /** Reads until it is as wanted; throws with what it was instead. */
  async until(
    actor: Actor,
    workspaceId: string,
    isWanted: (workspace: WorkspaceView) => boolean,
    timeoutMs = 10_000,
  ): Promise<WorkspaceView> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const workspace = await this.get(actor, workspaceId);
      if (isWanted(workspace)) return workspace;
      if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(workspace, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when its agent is connected and the database says that it runs; asks nothing meanwhile. */
  async untilRunning(workspaceId: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = async () => {
      const row = await this.#db
        .selectFrom("workspaces")
        .select(["status", "failure"])
        .where("id", "=", workspaceId)
        .executeTakeFirst();
      if (row?.status === "running") resolve();
      if (row?.status === "failed") reject(new Error(`${row.failure?.code}: ${row.failure?.detail}`));
    };
    const stop = this.#changes.subscribe("workspaces", ({ id }) => {
      if (id === workspaceId) look().catch(reject);
    });
    await look();
    await promise.finally(stop);
  }

  async close(): Promise<void> {
    await this.#wired.close();
    await this.#changes.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #images({ db }: TestDatabase): WorkspacesOptions["images"] {
    return {
      resolveTag: async (_imageId, tag, signal) => {
        this.resolveCalls += 1;
        signal.throwIfAborted();
        const digest = this.tags.get(tag);
        if (typeof digest !== "string") throw digest ?? new Error(`no tag ${tag}`);
        return { digest };
      },
      pullSource: async (_imageId, tag, digest) => ({
        reference: `000000000000.dkr.ecr.us-east-1.amazonaws.com/team/base:${tag}`,
        digest,
        pullRepository: "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/base",
      }),
      pullCredential: async () => this.logins.at(-1),
      purge: async () => {
        this.logins.push({ username: "AWS", password: `fresh-${this.logins.length}`, expiresAt: new Date(8.64e15) });
      },
      findOffered: async (imageId): Promise<OfferedImage | undefined> => {
        const image = await db.selectFrom("images").selectAll().where("id", "=", imageId).executeTakeFirst();
        if (!image) return undefined;
        const tags = await db.selectFrom("image_tags").selectAll().where("image_id", "=", imageId).execute();
        return {
          id: image.id,
          organizationId: image.organization_id,
          repository: image.repository,
          cpu: image.cpu,
          memoryGb: image.memory_gb,
          diskGb: image.disk_gb,
          isDeprecated: image.is_deprecated,
          defaultTag: image.default_tag,
          tags: tags.map((row) => ({
            tag: row.tag,
            platforms: row.platforms,
            isDecommissioned: row.is_decommissioned,
          })),
        };
      },
    };
  }
}

/** One installation's replicas share their keys. */
const agentKey = randomBytes(32);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
