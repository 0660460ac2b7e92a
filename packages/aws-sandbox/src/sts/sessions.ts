import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { type IdentityStore, makeId } from "../iam/identity-store.ts";
import type { Principal } from "../iam/principal.ts";
import type { KeyLookup } from "../sigv4/verify.ts";
import type { SecretBox } from "../state/secret-box.ts";

const claimsSchema = z.object({
  accessKeyId: z.string(),
  secret: z.string(),
  account: z.string(),
  userName: z.string(),
  issuedAt: z.number(),
  expiresAt: z.number(),
  padding: z.string(),
});

const purpose = "session-token";
const prefix = "IQoJ";

export type TemporaryCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiresAt: number;
};

/** Finds who signed: long-term keys in the store, temporary ones inside their own sealed session token. */
export class Sessions {
  readonly #identities: IdentityStore;
  readonly #box: SecretBox;
  readonly #clock: Clock;
  /** Bytes of padding in a session token, since real ones are long and get longer. */
  readonly #paddingBytes: number;

  constructor(deps: { identities: IdentityStore; box: SecretBox; clock: Clock; paddingBytes: number }) {
    this.#identities = deps.identities;
    this.#box = deps.box;
    this.#clock = deps.clock;
    this.#paddingBytes = deps.paddingBytes;
  }

  issue(principal: Principal, durationSeconds: number): TemporaryCredentials {
    const issuedAt = this.#clock.now();
    const accessKeyId = makeId("ASIA", 20);
    const secret = randomBytes(30).toString("base64");
    const expiresAt = issuedAt + durationSeconds * 1000;
    const { account, userName } = principal;
    const padding = "x".repeat(this.#paddingBytes);
    const claims = JSON.stringify({ accessKeyId, secret, account, userName, issuedAt, expiresAt, padding });
    const sessionToken = prefix + this.#box.seal(purpose, claims).toString("base64");
    return { accessKeyId, secretAccessKey: secret, sessionToken, expiresAt };
  }

  /** The key lookup of the signature verifier. */
  readonly lookup: KeyLookup<Principal> = (accessKeyId, sessionToken) => {
    if (sessionToken !== undefined) return this.#lookupSession(accessKeyId, sessionToken);
    const key = this.#identities.findKey(accessKeyId);
    if (key?.status !== "Active") return { kind: "unknown" };
    const identity = this.principal(key.account, key.userName, accessKeyId, undefined);
    return identity ? { kind: "found", secret: key.secret, identity } : { kind: "unknown" };
  };

  /** The principal of a user; undefined when the user is gone. */
  principal(
    account: string,
    userName: string,
    accessKeyId: string,
    session: Principal["session"],
  ): Principal | undefined {
    const user = this.#identities.findUser(account, userName);
    if (!user) return undefined;
    const arn = this.#identities.userArn(account, user);
    return { account, arn, userId: user.userId, userName, accessKeyId, session };
  }

  #lookupSession(accessKeyId: string, sessionToken: string): ReturnType<KeyLookup<Principal>> {
    if (!sessionToken.startsWith(prefix)) return { kind: "unknown" };
    const plain = this.#box.open(purpose, Buffer.from(sessionToken.slice(prefix.length), "base64"));
    if (plain === undefined) return { kind: "unknown" };
    const claims = claimsSchema.parse(JSON.parse(plain));
    if (claims.accessKeyId !== accessKeyId) return { kind: "unknown" };
    if (claims.expiresAt <= this.#clock.now()) return { kind: "session_expired" };
    const session = { issuedAt: claims.issuedAt, expiresAt: claims.expiresAt };
    const identity = this.principal(claims.account, claims.userName, accessKeyId, session);
    return identity ? { kind: "found", secret: claims.secret, identity } : { kind: "unknown" };
  }
}
