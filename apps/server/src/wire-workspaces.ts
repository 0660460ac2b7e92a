import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AgentLink, ProviderInfo, WorkspaceProvider } from "@berth/provider";
import { AgentEndpoint } from "./agents/agent-endpoint.ts";
import { AgentHub } from "./agents/agent-hub.ts";
import { AgentSockets } from "./agents/agent-sockets.ts";
import { mintAgentToken } from "./agents/agent-token.ts";
import type { ChangeListener } from "./db/listen.ts";
import type { DatabaseAddress } from "./db/open-database.ts";
import { showPresence } from "./db/presence.ts";
import { auditStore } from "./db/stores/audit-store.ts";
import { buildLogStore } from "./db/stores/build-log-store.ts";
import { organizationStore } from "./db/stores/organization-store.ts";
import { reconcileStore } from "./db/stores/reconcile-store.ts";
import { workspaceStore } from "./db/stores/workspace-store.ts";
import { type Executor, transact } from "./db/transaction.ts";
import type { OfferedImage } from "./domain/workspaces/ports.ts";
import { Workspaces } from "./domain/workspaces/workspaces.ts";
import { ExecSocket } from "./http/exec-socket.ts";
import type { Handlers, UpgradeHandlers } from "./http/handler.ts";
import { type BuildWatch, workspaceHandlers } from "./http/routes/workspaces.ts";
import { BuildRecorder } from "./reconcile/build-recorder.ts";
import { BuildRunner } from "./reconcile/build-runner.ts";
import { sweepOrphans } from "./reconcile/orphan-sweeper.ts";
import type { Agents, Images, Log } from "./reconcile/ports.ts";
import { ReconcileLoop } from "./reconcile/reconcile-loop.ts";
import { WorkspaceReconciler } from "./reconcile/workspace-reconciler.ts";

export type WorkspacesOptions = {
  db: Executor;
  address: DatabaseAddress;
  changes: ChangeListener;
  provider: WorkspaceProvider;
  images: Images & { findOffered(imageId: string): Promise<OfferedImage | undefined> };
  /** Where the per-workspace sockets live; short, since a socket's path is. */
  socketDirectory: string;
  /** What agents dial when the engine is not on this machine; sockets are used without it. */
  agentUrl: URL | undefined;
  /** Keys that agent tokens are made with, newest first. */
  agentKeys: readonly [Buffer, ...Buffer[]];
  accessUrl: URL;
  clock: () => Date;
  log: Log;
  timing?: Partial<typeof defaultTiming>;
};

const defaultTiming = {
  sweepMs: 5_000,
  orphanSweepMs: 60_000,
  connectTimeoutMs: 60_000,
  agentGraceMs: 10_000,
  agentWaitMs: 10_000,
  engineMemoryMs: 5_000,
  /** Workspaces worked on at once; most of that time is waiting for the engine. */
  concurrency: 128,
};

export type WiredWorkspaces = {
  handlers: ReturnType<typeof workspaceHandlers> & Partial<Handlers>;
  upgrades: UpgradeHandlers;
  /** Takes agents' upgrades on a listener for all; says whether it did. */
  agentUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  hub: AgentHub;
  start(): Promise<void>;
  close(): Promise<void>;
};

/** Remembers what the engine is for a moment: forms ask on every create. */
function rememberedEngine(provider: WorkspaceProvider, forMs: number): () => Promise<ProviderInfo> {
  let known: { info: Promise<ProviderInfo>; until: number } | undefined;
  return async () => {
    if (known && performance.now() < known.until) return await known.info;
    const info = provider.describe(AbortSignal.timeout(5_000));
    const current = { info, until: performance.now() + forMs };
    known = current;
    info.catch(() => {
      if (known === current) known = undefined;
    });
    return await info;
  };
}

/** Remembers that something was told of a build until it is asked for, so that nothing told in between is missed. */
function watchBuilds(changes: ChangeListener) {
  return (build: { id: string; workspaceId: string }): BuildWatch => {
    let isChanged = false;
    let wake = () => {};
    const watched = { build_log: build.id, builds: build.id, workspaces: build.workspaceId };
    const stops = Object.entries(watched).map(([table, id]) =>
      changes.subscribe(table, (change) => {
        if (change.id !== id) return;
        isChanged = true;
        wake();
      }),
    );
    return {
      async changed(signal) {
        if (!isChanged) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          const timer = setTimeout(resolve, 1000);
          signal.addEventListener("abort", wake, { once: true });
          await promise;
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
        }
        isChanged = false;
      },
      close() {
        for (const stop of stops) stop();
      },
    };
  };
}

function wireAgents(options: WorkspacesOptions, hub: AgentHub) {
  const { agentKeys, agentUrl, clock, log } = options;
  const store = reconcileStore(options.db);
  const isCurrent = async ({ workspaceId, revision }: { workspaceId: string; revision: string }) =>
    (await store.currentRevision(workspaceId)) === revision;
  const endpoint = new AgentEndpoint({ hub, keys: agentKeys, isCurrent, clock, log });
  const sockets = new AgentSockets({ directory: options.socketDirectory, endpoint });
  const agents: Agents = {
    link: async (identity): Promise<AgentLink> => {
      const token = mintAgentToken(identity, agentKeys[0]);
      return agentUrl ? { url: agentUrl.href, token } : { ...(await sockets.open(identity.workspaceId)), token };
    },
    waitFor: (workspaceId, revision, signal) => hub.waitFor(workspaceId, revision, signal),
    isConnected: (workspaceId, revision) => hub.find(workspaceId)?.revision === revision,
    disconnect: (workspaceId) => hub.close(workspaceId),
    forget: async (workspaceId) => await sockets.remove(workspaceId),
  };
  const reopen = async () => {
    if (agentUrl) return;
    for (const workspaceId of await store.listWantedRunning()) await sockets.open(workspaceId);
  };
  return { agents, endpoint, sockets, reopen };
}

function wireReconciler(options: WorkspacesOptions, agents: Agents, owner: string, timing: typeof defaultTiming) {
  const { db, provider, images, clock, log } = options;
  const store = reconcileStore(db);
  const accessUrl = options.accessUrl.href.replace(/\/$/, "");
  const { connectTimeoutMs, agentGraceMs, sweepMs, concurrency } = timing;
  const runner = new BuildRunner({ provider, images, agents, accessUrl, connectTimeoutMs, log });
  const openRecorder = (buildId: string) => BuildRecorder.open({ buildId, store: buildLogStore(db), clock, log });
  const reconciler = new WorkspaceReconciler({
    store,
    provider,
    runner,
    agents,
    openRecorder,
    owner,
    clock,
    agentGraceMs,
    log,
  });
  return new ReconcileLoop({
    reconcile: (workspaceId, signal) => reconciler.reconcile(workspaceId, signal),
    noticeChange: (workspaceId) => reconciler.noticeChange(workspaceId),
    listDue: async () => {
      const due = await store.listDue();
      return due.filter(({ id, revision, isUp }) => !(isUp && agents.isConnected(id, revision))).map(({ id }) => id);
    },
    clock,
    sweepMs,
    concurrency,
    log,
  });
}

/** Puts workspaces together: what people ask, what brings it about, and the agents. */
export function wireWorkspaces(options: WorkspacesOptions): WiredWorkspaces {
  const { db, changes, provider, images, clock, log } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const owner = randomUUID();
  const hub = new AgentHub();
  const { agents, endpoint, sockets, reopen } = wireAgents(options, hub);
  const loop = wireReconciler(options, agents, owner, timing);
  const store = reconcileStore(db);
  const workspaces = new Workspaces({
    workspaces: workspaceStore(db),
    transaction: transact(db, (tx) => ({ workspaces: workspaceStore(tx), audit: auditStore(tx) })),
    images,
    organizations: organizationStore(db),
    engine: rememberedEngine(provider, timing.engineMemoryMs),
    reconciler: loop,
    clock,
  });
  const exec = new ExecSocket({ workspaces, hub, agentWaitMs: timing.agentWaitMs, log });
  const stop = new AbortController();
  let presence: { close(): Promise<void> } | undefined;
  let orphanTimer: NodeJS.Timeout | undefined;

  const sweep = async () => {
    const deps = { provider, filterWanted: (ids: string[]) => store.filterWanted(ids), log };
    await sweepOrphans(deps, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) log.warn({ err: error }, "the engine could not be swept");
    });
    if (!stop.signal.aborted) orphanTimer = setTimeout(() => void sweep(), timing.orphanSweepMs);
  };
  const tellAgent = (workspaceId: string) => {
    const connection = hub.find(workspaceId);
    store
      .agentChanged(workspaceId, connection ?? null)
      .catch((error: unknown) => log.warn({ err: error, workspaceId }, "an agent's coming or going was not recorded"));
    loop.wake(workspaceId);
  };

  return {
    handlers: workspaceHandlers({
      workspaces,
      hub,
      buildLog: {
        read: (buildId, after, limit) => buildLogStore(db).read(buildId, after, limit),
        status: (buildId) => workspaceStore(db).buildStatus(buildId),
        find: (workspaceId, buildId) => workspaceStore(db).findBuild(workspaceId, buildId),
        watch: watchBuilds(changes),
      },
    }),
    upgrades: { exec: (request) => exec.upgrade(request) },
    agentUpgrade(message, socket, head) {
      if (!options.agentUrl || !AgentEndpoint.matches(message)) return false;
      void endpoint.upgrade(message, socket, head);
      return true;
    },
    hub,
    async start() {
      const { address } = options;
      presence = await showPresence({
        address,
        owner,
        onLost: (error) => log.warn({ err: error }, "the database session that shows this process lives was lost"),
      });
      await reopen();
      hub.onChange(tellAgent);
      changes.subscribe("workspaces", ({ id, version }) => loop.wake(id, Number(version) || undefined));
      changes.onGap(() => loop.sweepNow());
      provider.watch((workspaceId) => loop.wake(workspaceId), stop.signal);
      loop.start();
      void sweep();
    },
    async close() {
      stop.abort(new Error("The server is stopping."));
      clearTimeout(orphanTimer);
      await loop.stop();
      hub.close();
      await sockets.close();
      await presence?.close();
    },
  };
}
