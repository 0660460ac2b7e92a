import { AwsError } from "../aws-error.ts";
import type { Call } from "../call.ts";
import type { HttpRequest } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Authorizer } from "../iam/authorizer.ts";
import type { Principal } from "../iam/principal.ts";
import type { LayerUrls } from "../s3/layer-urls.ts";
import type { Throttle } from "../service.ts";
import type { SecretBox } from "../state/secret-box.ts";
import type { ImageStore } from "./image-store.ts";
import type { RepositoryRecord } from "./records.ts";
import type { RegistryTokens } from "./registry-tokens.ts";
import { isRepositoryName, type RepositoryStore, repositoryArn } from "./repository-store.ts";
import type { Uploads } from "./uploads.ts";

export type V2Deps = {
  repositories: RepositoryStore;
  images: ImageStore;
  uploads: Uploads;
  tokens: RegistryTokens;
  urls: LayerUrls;
  authorizer: Authorizer;
  throttle: Throttle;
  box: SecretBox;
};

/** One authenticated request of the data plane, at the registry of `call.account` in `call.region`. */
export type V2Context = { call: Call; principal: Principal; request: HttpRequest; registryId: string; deps: V2Deps };

/**
 * Asks IAM for an ECR action on a repository, then finds it. The data plane is ECR's API in another dress: the same
 * actions, the same policies, asked again at every request.
 */
export function authorizedV2Repository(context: V2Context, name: string, action: string): RepositoryRecord {
  const { call, deps, registryId } = context;
  if (!isRepositoryName(name)) {
    const message =
      "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression'";
    throw new AwsError("NAME_INVALID", message, 400);
  }
  const place = { registryId, region: call.region, name };
  authorizeV2(context, action, repositoryArn(place), place);
  return deps.repositories.require(place);
}

export function authorizeV2(
  { call, principal, registryId, deps }: V2Context,
  action: string,
  resource: string,
  place?: { registryId: string; region: string; name: string },
): void {
  deps.authorizer.authorize(call, principal, {
    action,
    resource,
    resourceAccount: registryId,
    resourcePolicy: place && deps.repositories.attachedPolicy(place),
    resourceTags: place && deps.repositories.find(place)?.resourceTags,
  });
}

/** The address under which the client reached the registry, for absolute links. */
export function originOf(request: HttpRequest): string {
  return `${request.scheme}://${request.host}`;
}

const apiVersion = { "docker-distribution-api-version": "registry/2.0" };

export function v2Json(body: object, extra: Record<string, string> = {}): HttpResponse {
  const headers = { ...apiVersion, "content-type": "application/json; charset=utf-8", ...extra };
  return { status: 200, headers, body: JSON.stringify(body) };
}

export function v2Empty(status: number, headers: Record<string, string>): HttpResponse {
  return { status, headers: { ...apiVersion, "content-length": "0", ...headers }, body: "" };
}
