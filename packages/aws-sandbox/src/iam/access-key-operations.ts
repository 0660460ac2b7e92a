import { toIsoSeconds } from "../clock.ts";
import { pageOf } from "../query/parameters.ts";
import type { QueryContext, QueryOperation } from "../query/service.ts";
import { members } from "../query/xml.ts";
import { noSuchEntity } from "./identity-store.ts";
import { authorizeOnUser, type IamDeps, namedUser } from "./user-operations.ts";

/** Without a user name the key itself says whose it is, as in IAM. */
function ownerOf(deps: IamDeps, context: QueryContext, keyId: string): string {
  if (context.parameters.optional("UserName") !== undefined) return namedUser(context);
  const key = deps.identities.findKey(keyId);
  if (key && key.account === context.principal.account) return key.userName;
  throw noSuchEntity(`The Access Key with id ${keyId} cannot be found.`);
}

/** CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey. */
export function accessKeyOperations(deps: IamDeps): Record<string, QueryOperation> {
  const { identities } = deps;
  return {
    CreateAccessKey(context) {
      const name = namedUser(context);
      authorizeOnUser(deps, context, name);
      const key = identities.createAccessKey(context.principal.account, name);
      return {
        AccessKey: {
          UserName: name,
          AccessKeyId: key.accessKeyId,
          Status: "Active",
          SecretAccessKey: key.secretAccessKey,
          CreateDate: toIsoSeconds(key.createdAt),
        },
      };
    },
    ListAccessKeys(context) {
      const name = namedUser(context);
      authorizeOnUser(deps, context, name);
      const { account } = context.principal;
      identities.requireUser(account, name);
      const { page, ...rest } = pageOf(identities.keysOf(account, name), context.parameters, ([id]) => id);
      const metadata = page.map(([id, key]) => ({
        UserName: name,
        AccessKeyId: id,
        Status: key.status,
        CreateDate: toIsoSeconds(key.createdAt),
      }));
      return { ...rest, AccessKeyMetadata: members(metadata) };
    },
    UpdateAccessKey(context) {
      const keyId = context.parameters.required("AccessKeyId");
      const status = context.parameters.oneOf("Status", ["Active", "Inactive"]);
      const name = ownerOf(deps, context, keyId);
      authorizeOnUser(deps, context, name);
      identities.setKeyStatus(context.principal.account, name, keyId, status);
      return undefined;
    },
    DeleteAccessKey(context) {
      const keyId = context.parameters.required("AccessKeyId");
      const name = ownerOf(deps, context, keyId);
      authorizeOnUser(deps, context, name);
      identities.deleteAccessKey(context.principal.account, name, keyId);
      return undefined;
    },
  };
}
