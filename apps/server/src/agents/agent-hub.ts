import { agentCloseCodes } from "@berth/agent-protocol";
import type { AgentTunnel } from "@berth/agent-protocol/tunnel";

export type AgentConnection = {
  workspaceId: string;
  revision: string;
  version: string;
  tunnel: AgentTunnel;
  connectedAt: Date;
};

type Waiter = { revision: string | undefined; resolve: (connection: AgentConnection) => void };

/** The agents connected to this process, by workspace. One connection a workspace: a newer one takes over. */
export class AgentHub {
  readonly #connections = new Map<string, AgentConnection>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #listeners = new Set<(workspaceId: string) => void>();

  /** Calls back whenever an agent connects or goes away. */
  onChange(listener: (workspaceId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  attach(connection: AgentConnection): void {
    const { workspaceId } = connection;
    const previous = this.#connections.get(workspaceId);
    this.#connections.set(workspaceId, connection);
    previous?.tunnel.close(agentCloseCodes.replaced);
    for (const waiter of [...(this.#waiters.get(workspaceId) ?? [])]) {
      if (waiter.revision === undefined || waiter.revision === connection.revision) waiter.resolve(connection);
    }
    this.#tell(workspaceId);
    void connection.tunnel.closed.then(() => {
      if (this.#connections.get(workspaceId) !== connection) return;
      this.#connections.delete(workspaceId);
      this.#tell(workspaceId);
    });
  }

  find(workspaceId: string): AgentConnection | undefined {
    return this.#connections.get(workspaceId);
  }

  /** The connection of a workspace (of one revision, if given) as soon as there is one. Rejects when aborted. */
  async waitFor(workspaceId: string, revision: string | undefined, signal: AbortSignal): Promise<AgentConnection> {
    const current = this.#connections.get(workspaceId);
    if (current && (revision === undefined || current.revision === revision)) return current;
    signal.throwIfAborted();
    const waiters = this.#waiters.get(workspaceId) ?? new Set();
    this.#waiters.set(workspaceId, waiters);
    const { promise, resolve, reject } = Promise.withResolvers<AgentConnection>();
    const waiter: Waiter = { revision, resolve };
    const onAbort = () => reject(signal.reason);
    waiters.add(waiter);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(workspaceId);
    }
  }

  /** Ends the connection of a workspace that is to go, or of all. */
  close(workspaceId?: string): void {
    const connections =
      workspaceId === undefined ? [...this.#connections.values()] : [this.#connections.get(workspaceId)];
    for (const connection of connections) connection?.tunnel.close(agentCloseCodes.goingAway);
  }

  get size(): number {
    return this.#connections.size;
  }

  #tell(workspaceId: string): void {
    for (const listener of this.#listeners) listener(workspaceId);
  }
}
