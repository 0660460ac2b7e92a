import { randomUUID } from "node:crypto";
import type { ApiToken, TokenScope } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { authorize, notFound, site } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import type { Page, PageRequest } from "../page.ts";
import type { Transact } from "../transact.ts";
import type { CredentialStore } from "./account.ts";
import { hashSecret, newApiToken } from "./secrets.ts";

export type ApiTokensDeps = {
  credentials: Pick<CredentialStore, "listTokens">;
  transaction: Transact<{ credentials: Pick<CredentialStore, "insertToken" | "deleteToken">; audit: AuditLog }>;
  clock: () => Date;
};

/** A user's own API tokens. */
export class ApiTokens {
  readonly #deps: ApiTokensDeps;

  constructor(deps: ApiTokensDeps) {
    this.#deps = deps;
  }

  async list(actor: Actor, page: PageRequest): Promise<Page<ApiToken>> {
    authorize(actor, "account.write", site);
    return await this.#deps.credentials.listTokens(actor.userId, page);
  }

  /** The token's value is in the answer, and nowhere else ever. Throws NAME_TAKEN and SCOPE_TOO_WIDE. */
  async create(
    actor: Actor,
    wanted: { name: string; scopes: readonly TokenScope[]; expiresInDays: number },
    origin: Origin,
  ): Promise<{ token: string; apiToken: ApiToken }> {
    authorize(actor, "account.write", site);
    const scopes = [...new Set(wanted.scopes)];
    const tooWide = actor.scopes.includes("all") ? [] : scopes.filter((scope) => !actor.scopes.includes(scope));
    if (tooWide.length > 0)
      throw new BerthError("SCOPE_TOO_WIDE", `This token lacks ${tooWide.join(", ")} itself.`, {
        context: { scopes: tooWide },
      });
    const token = newApiToken();
    const expiresAt = new Date(this.#deps.clock().getTime() + wanted.expiresInDays * 24 * 3600_000);
    const { name } = wanted;
    const row = { id: randomUUID(), userId: actor.userId, name, secretHash: hashSecret(token), scopes, expiresAt };
    const apiToken = await this.#deps.transaction(async ({ credentials, audit }) => {
      const target = { kind: "token", id: row.id, name };
      const changes = { scopes: { from: null, to: scopes } };
      await audit.record({ action: "token.create", actor, origin, target, changes });
      return await credentials.insertToken(row);
    });
    return { token, apiToken };
  }

  /** Throws NOT_FOUND, also for other people's tokens. */
  async revoke(actor: Actor, tokenId: string, origin: Origin): Promise<void> {
    authorize(actor, "account.write", site);
    await this.#deps.transaction(async ({ credentials, audit }) => {
      const name = await credentials.deleteToken(actor.userId, tokenId);
      if (name === undefined) throw notFound("token");
      await audit.record({ action: "token.delete", actor, origin, target: { kind: "token", id: tokenId, name } });
    });
  }
}
