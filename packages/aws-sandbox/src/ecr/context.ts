import type { Call } from "../call.ts";
import type { Authorizer } from "../iam/authorizer.ts";
import type { Principal } from "../iam/principal.ts";
import type { ImageStore } from "../registry/image-store.ts";
import type { RepositoryRecord } from "../registry/records.ts";
import type { RegistryTokens } from "../registry/registry-tokens.ts";
import { type RepositoryName, type RepositoryStore, repositoryArn } from "../registry/repository-store.ts";
import type { LayerUrls } from "../s3/layer-urls.ts";
import type { Input } from "./input.ts";
import type { Paging } from "./paging.ts";

export type EcrDeps = {
  repositories: RepositoryStore;
  images: ImageStore;
  tokens: RegistryTokens;
  urls: LayerUrls;
  authorizer: Authorizer;
  paging: Paging;
};

export type EcrContext = { call: Call; principal: Principal; input: Input; deps: EcrDeps };
export type EcrOperation = (context: EcrContext) => Promise<object> | object;

/** The registry a call is about: the caller's own unless it names one. */
export function registryOf({ input, principal }: EcrContext): string {
  return input.registryId() ?? principal.account;
}

/** Asks IAM and the repository's own policy about the call's action, or another; throws `AccessDenied`. */
export function authorizeOn(
  { call, principal, deps }: EcrContext,
  place: RepositoryName,
  action = call.operation,
): void {
  deps.authorizer.authorize(call, principal, {
    action: `ecr:${action}`,
    resourceTags: deps.repositories.find(place)?.resourceTags,
    resource: repositoryArn(place),
    resourceAccount: place.registryId,
    resourcePolicy: deps.repositories.attachedPolicy(place),
  });
}

/** The place the call names. */
export function placeOf(context: EcrContext): RepositoryName {
  return { registryId: registryOf(context), region: context.call.region, name: context.input.repositoryName() };
}

/** The repository a call names, if the caller may: permission is asked before existence is told. */
export function authorizedRepository(context: EcrContext): RepositoryRecord {
  const place = placeOf(context);
  authorizeOn(context, place);
  return context.deps.repositories.require(place);
}

/** Seconds since the epoch with milliseconds, as JSON 1.1 writes times. */
export function epochSeconds(ms: number): number {
  return Math.round(ms) / 1000;
}
