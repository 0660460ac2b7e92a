import { z } from "zod";
import type { AccessKey, IdentityStore } from "../iam/identity-store.ts";
import { managedPolicies } from "../iam/managed-policies.ts";
import type { PolicyStore } from "../iam/policy-store.ts";
import { isRepositoryName, type RepositoryStore } from "../registry/repository-store.ts";

/** A user to make. Policies are ARNs or the bare names of AWS-managed ones; inline ones are documents by name. */
const userSchema = z.strictObject({
  name: z.string().regex(/^[\w+=,.@-]{1,64}$/),
  account: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  policies: z.array(z.string()).optional(),
  inline: z.record(z.string(), z.unknown()).optional(),
});

const repositorySchema = z.strictObject({
  name: z.string().refine(isRepositoryName, "is not a repository name"),
  account: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  region: z.string().optional(),
  immutable: z.boolean().optional(),
  resourceTags: z.record(z.string(), z.string()).optional(),
  /** The repository policy, as a document. */
  policy: z.unknown().optional(),
});

export const seedSchema = z.strictObject({
  users: z.array(userSchema).optional(),
  repositories: z.array(repositorySchema).optional(),
});

export type UserSeed = z.output<typeof userSchema>;
export type RepositorySeed = z.output<typeof repositorySchema>;
export type Seed = z.output<typeof seedSchema>;
export type SeedResult = { users: AccessKey[] };

export type SeedDeps = {
  identities: IdentityStore;
  policies: PolicyStore;
  repositories: RepositoryStore;
  account: string;
  region: string;
};

function policyArn(nameOrArn: string): string {
  return managedPolicies.find(({ name }) => name === nameOrArn)?.arn ?? nameOrArn;
}

/** Makes a user with its policies and one access key; an existing user gets what it lacks and a further key. */
export function seedUser({ identities, policies, account }: SeedDeps, seed: UserSeed): AccessKey {
  const owner = seed.account ?? account;
  const user = identities.findUser(owner, seed.name) ?? identities.createUser(owner, seed.name);
  const arn = identities.userArn(owner, user);
  for (const policy of seed.policies ?? []) policies.attach(arn, policyArn(policy));
  for (const [name, document] of Object.entries(seed.inline ?? {})) {
    policies.putInline(arn, name, JSON.stringify(document));
  }
  const { createdAt: _, ...key } = identities.createAccessKey(owner, seed.name);
  return key;
}

/** Makes a repository unless it exists. */
export function seedRepository({ repositories, account, region }: SeedDeps, seed: RepositorySeed): void {
  const place = { registryId: seed.account ?? account, region: seed.region ?? region, name: seed.name };
  if (!repositories.find(place)) {
    repositories.create(place, {
      tagMutability: seed.immutable ? "IMMUTABLE" : "MUTABLE",
      resourceTags: seed.resourceTags ?? {},
    });
  }
  if (seed.policy !== undefined) repositories.setPolicy(place, JSON.stringify(seed.policy));
}

export function applySeed(deps: SeedDeps, seed: Seed): SeedResult {
  for (const repository of seed.repositories ?? []) seedRepository(deps, repository);
  return { users: (seed.users ?? []).map((user) => seedUser(deps, user)) };
}
