import { randomUUID } from "node:crypto";
import type { User } from "@berth/api";
import type { AuditLog } from "../audit.ts";
import { BerthError } from "../berth-error.ts";
import type { Transact } from "../transact.ts";
import type { CredentialStore, MemberStore, UserStore } from "./account.ts";
import { hashPassword } from "./passwords.ts";
import { hashSecret, newSessionSecret } from "./secrets.ts";
import type { From, SignIn } from "./sign-in.ts";

export type InstallationStore = {
  isSetUp(): Promise<boolean>;
  /** Remembers a new token; false when set-up is done already. */
  setSetupToken(hash: Buffer): Promise<boolean>;
  /** Marks set-up as done, once only and only with the right token, when one is given. */
  completeSetup(hash: Buffer | undefined): Promise<"done_now" | "done_before" | "token_wrong">;
};

type Stores = {
  installation: Pick<InstallationStore, "completeSetup">;
  users: Pick<UserStore, "insert" | "find">;
  members: MemberStore;
  organizations: { findDefault(): Promise<{ id: string } | undefined> };
  credentials: CredentialStore;
  audit: AuditLog;
};

export type SetupDeps = {
  installation: Pick<InstallationStore, "isSetUp" | "setSetupToken">;
  signIn: Pick<SignIn, "openSession">;
  transaction: Transact<Stores>;
};

export type FirstAdmin = { email: string; username: string; password: string };

/** Makes the first administrator, once. */
export class Setup {
  readonly #deps: SetupDeps;

  constructor(deps: SetupDeps) {
    this.#deps = deps;
  }

  async isRequired(): Promise<boolean> {
    return !(await this.#deps.installation.isSetUp());
  }

  /** A new one-time token, which replaces the one before; `undefined` when set-up is done. */
  async issueToken(): Promise<string | undefined> {
    const token = newSessionSecret();
    return (await this.#deps.installation.setSetupToken(hashSecret(token))) ? token : undefined;
  }

  /** Throws SETUP_DONE and SETUP_TOKEN_WRONG. The administrator is signed in at once. */
  async complete(token: string, admin: FirstAdmin, from: From) {
    if (!(await this.isRequired())) throw done();
    return await this.#make(admin, from, hashSecret(token));
  }

  /** For unattended installations; does nothing when set-up is done. */
  async completeUnattended(admin: Omit<FirstAdmin, "username">): Promise<void> {
    if (!(await this.isRequired())) return;
    const from = { origin: { requestId: null, ip: null }, userAgent: null };
    await this.#make({ ...admin, username: usernameFrom(admin.email) }, from, undefined).catch((error: unknown) => {
      // Another replica was faster.
      if (!(error instanceof BerthError && error.code === "SETUP_DONE")) throw error;
    });
  }

  async #make(admin: FirstAdmin, from: From, tokenHash: Buffer | undefined) {
    const { email, username } = admin;
    const passwordHash = await hashPassword(admin.password);
    return await this.#deps.transaction(async (stores) => {
      const outcome = await stores.installation.completeSetup(tokenHash);
      if (outcome === "done_before") throw done();
      if (outcome === "token_wrong") throw new BerthError("SETUP_TOKEN_WRONG", "This is not the set-up token.");
      const id = randomUUID();
      await stores.users.insert({ id, email, username, passwordHash, siteRole: "admin", mustChangePassword: false });
      const organization = await stores.organizations.findDefault();
      if (organization) await stores.members.put(organization.id, id, "super_manager");
      const actor = { userId: id, username };
      const target = { kind: "user", id, name: username };
      await stores.audit.record({ action: "installation.set_up", actor, origin: from.origin, target });
      const session = tokenHash && (await this.#deps.signIn.openSession(stores, { id, username }, from));
      const user: User | undefined = await stores.users.find(id);
      if (!user) throw new Error("The administrator who was just made is gone.");
      return { user, session };
    });
  }
}

const done = () => new BerthError("SETUP_DONE", "Berth has an administrator already.");

/** A user name out of an address: `Ada.Lovelace@example.com` → `ada-lovelace`. */
export function usernameFrom(email: string): string {
  const local = (email.split("@")[0] ?? "").toLowerCase();
  const slug = local.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return slug.slice(0, 32).replace(/-+$/, "") || "admin";
}
