import { AwsError } from "../aws-error.ts";
import { toIsoSeconds } from "../clock.ts";
import type { Authorizer } from "../iam/authorizer.ts";
import type { IdentityStore } from "../iam/identity-store.ts";
import type { QueryOperation } from "../query/service.ts";
import type { Sessions } from "./sessions.ts";

export type StsDeps = { identities: IdentityStore; authorizer: Authorizer; sessions: Sessions };

/** GetCallerIdentity, GetSessionToken, GetAccessKeyInfo. The first two need no permission (STS API reference). */
export function stsOperations({ identities, authorizer, sessions }: StsDeps): Record<string, QueryOperation> {
  return {
    GetCallerIdentity({ principal }) {
      return { Arn: principal.arn, UserId: principal.userId, Account: principal.account };
    },
    GetSessionToken({ principal, parameters }) {
      if (principal.session) {
        throw new AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403);
      }
      const duration = parameters.integer("DurationSeconds", { min: 900, max: 129_600, fallback: 43_200 });
      const issued = sessions.issue(principal, duration);
      return {
        Credentials: {
          AccessKeyId: issued.accessKeyId,
          SecretAccessKey: issued.secretAccessKey,
          SessionToken: issued.sessionToken,
          Expiration: toIsoSeconds(issued.expiresAt),
        },
      };
    },
    GetAccessKeyInfo({ call, principal, parameters }) {
      const action = "sts:GetAccessKeyInfo";
      authorizer.authorize(call, principal, { action, resource: "*", resourceAccount: principal.account });
      const id = parameters.required("AccessKeyId");
      const key = identities.findKey(id);
      if (!key) throw new AwsError("ValidationError", `Invalid access key ID: ${id.slice(0, 128)}`);
      return { Account: key.account };
    },
  };
}
