import { type SeedDeps, seedUser } from "./control/seed.ts";
import type { AccessKey } from "./iam/identity-store.ts";

/** Who exists from the first start: an operator who may do anything, a developer who may read. */
export type DefaultIdentities = { operator: AccessKey; developer: AccessKey };

const operatorName = "berth-sandbox-admin";
const developerName = "developer";

function activeKey({ identities, account }: SeedDeps, userName: string): AccessKey | undefined {
  const found = identities.keysOf(account, userName).find(([, key]) => key.status === "Active");
  return found && { accessKeyId: found[0], secretAccessKey: found[1].secret, userName, account };
}

const policies = { operator: "AdministratorAccess", developer: "AmazonEC2ContainerRegistryReadOnly" };

/** Finds the default users' keys, making what is missing. */
export function ensureDefaultIdentities(deps: SeedDeps): DefaultIdentities {
  const ensure = (name: string, policy: string) =>
    activeKey(deps, name) ?? seedUser(deps, { name, policies: [policy] });
  return { operator: ensure(operatorName, policies.operator), developer: ensure(developerName, policies.developer) };
}

/** Makes the default users anew with the keys they had. */
export function restoreDefaultIdentities(deps: SeedDeps, { operator, developer }: DefaultIdentities): void {
  const restore = (key: AccessKey, policy: string) => {
    const user = deps.identities.createUser(key.account, key.userName);
    deps.policies.attach(deps.identities.userArn(key.account, user), `arn:aws:iam::aws:policy/${policy}`);
    deps.identities.restoreAccessKey(key);
  };
  restore(operator, policies.operator);
  restore(developer, policies.developer);
}

/** A shared credentials file for AWS clients, with a profile for each default user. */
export function credentialsFile({ operator, developer }: DefaultIdentities): string {
  const profile = (name: string, key: AccessKey) =>
    `[${name}]\naws_access_key_id = ${key.accessKeyId}\naws_secret_access_key = ${key.secretAccessKey}\n`;
  return `${profile("operator", operator)}\n${profile("developer", developer)}`;
}
