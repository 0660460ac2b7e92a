import { randomBytes } from "node:crypto";
import { z } from "zod";
import { AwsError } from "../aws-error.ts";
import type { Clock } from "../clock.ts";
import type { Principal } from "../iam/principal.ts";
import type { SecretBox } from "../state/secret-box.ts";
import type { Sessions } from "../sts/sessions.ts";

const lifeMs = 12 * 3_600_000;
const payloadSchema = z.object({
  account: z.string(),
  userName: z.string(),
  accessKeyId: z.string(),
  session: z.object({ issuedAt: z.number(), expiresAt: z.number() }).optional(),
  region: z.string(),
  expiresAt: z.number(),
});
const envelopeSchema = z.object({ payload: z.string(), version: z.literal("2"), type: z.literal("DATA_KEY") });

export type RegistryToken = { authorizationToken: string; expiresAt: number };

/** Refusals of the data plane for a credential it cannot use, in ECR's words. */
export const invalidRegistryToken = () => new AwsError("DENIED", "Your Authorization Token is invalid.", 400);
const expiredRegistryToken = () =>
  new AwsError("DENIED", "Your authorization token has expired. Reauthenticate and try again.", 403);

/**
 * Issues and checks registry passwords. A token stands for a principal in one region: each region seals with a key
 * of its own, so that another region cannot read it. What the principal may do is asked again at every request.
 */
export class RegistryTokens {
  readonly #box: SecretBox;
  readonly #clock: Clock;
  readonly #sessions: Sessions;

  constructor(deps: { box: SecretBox; clock: Clock; sessions: Sessions }) {
    this.#box = deps.box;
    this.#clock = deps.clock;
    this.#sessions = deps.sessions;
  }

  issue(principal: Principal, region: string): RegistryToken {
    const expiresAt = this.#clock.now() + lifeMs;
    const { account, userName, accessKeyId, session } = principal;
    // Real tokens are some 2 kB for users and beyond 4 kB for sessions.
    const padding = randomBytes(session ? 1800 : 500).toString("base64");
    const plain = JSON.stringify({ account, userName, accessKeyId, session, region, expiresAt, padding });
    const envelope = {
      payload: this.#box.seal(purpose(region), plain).toString("base64"),
      datakey: randomBytes(184).toString("base64"),
      version: "2",
      type: "DATA_KEY",
      expiration: Math.floor(expiresAt / 1000),
    };
    const password = Buffer.from(JSON.stringify(envelope)).toString("base64");
    return { authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"), expiresAt };
  }

  /** Throws `DENIED`: 400 when the token is no token of this region, 403 when its time is over. */
  verify(password: string, region: string): Principal {
    const payload = this.#open(password, region);
    if (!payload) throw invalidRegistryToken();
    if (payload.expiresAt <= this.#clock.now()) throw expiredRegistryToken();
    const { account, userName, accessKeyId, session } = payload;
    const principal = this.#sessions.principal(account, userName, accessKeyId, session);
    if (!principal) throw invalidRegistryToken();
    return principal;
  }

  #open(password: string, region: string): z.output<typeof payloadSchema> | undefined {
    const envelope = envelopeSchema.safeParse(parseJson(Buffer.from(password, "base64").toString("utf8")));
    if (!envelope.success) return undefined;
    const plain = this.#box.open(purpose(region), Buffer.from(envelope.data.payload, "base64"));
    return plain === undefined ? undefined : payloadSchema.safeParse(parseJson(plain)).data;
  }
}

function purpose(region: string): string {
  return `registry-token/${region}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
