import { AwsError } from "../aws-error.ts";
import { registryHost } from "../http/endpoint.ts";
import { isDigest } from "../registry/blob-store.ts";
import { authorizedRepository, type EcrContext, type EcrOperation, epochSeconds } from "./context.ts";
import { invalidParameter } from "./input.ts";

function getAuthorizationToken(context: EcrContext): object {
  const { call, principal, input, deps } = context;
  const registryIds = input.strings("registryIds", 10) ?? [principal.account];
  if (registryIds.some((id) => !/^\d{12}$/.test(id))) {
    throw invalidParameter("registryIds", "must satisfy regular expression '[0-9]{12}'");
  }
  const question = { action: "ecr:GetAuthorizationToken", resource: "*", resourceAccount: principal.account };
  deps.authorizer.authorize(call, principal, question);
  return {
    authorizationData: registryIds.map((id) => {
      const { authorizationToken, expiresAt } = deps.tokens.issue(principal, call.region);
      const proxyEndpoint = `https://${registryHost(id, call.region)}`;
      return { authorizationToken, expiresAt: epochSeconds(expiresAt), proxyEndpoint };
    }),
  };
}

function getDownloadUrlForLayer(context: EcrContext): object {
  const layerDigest = context.input.requiredString("layerDigest");
  if (!isDigest(layerDigest)) {
    throw invalidParameter("layerDigest", "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'");
  }
  const repository = authorizedRepository(context);
  if (!context.deps.images.layer(repository, layerDigest)) {
    throw new AwsError(
      "LayersNotFoundException",
      `The layer with digest '${layerDigest}' does not exist in the repository with name '${repository.name}' in the registry with id '${repository.registryId}'`,
    );
  }
  return { layerDigest, downloadUrl: context.deps.urls.sign(context.call, repository.registryId, layerDigest) };
}

function batchCheckLayerAvailability(context: EcrContext): object {
  const digests = context.input.strings("layerDigests", 100);
  if (!digests) throw invalidParameter("layerDigests", "must not be null");
  const repository = authorizedRepository(context);
  const layers: object[] = [];
  const failures: object[] = [];
  for (const layerDigest of digests) {
    if (!isDigest(layerDigest)) {
      const failureReason = "Invalid request parameters: layer digest is not valid";
      failures.push({ layerDigest, failureCode: "InvalidLayerDigest", failureReason });
      continue;
    }
    const layer = context.deps.images.layer(repository, layerDigest);
    layers.push(
      layer
        ? { layerDigest, layerAvailability: "AVAILABLE", layerSize: layer.sizeBytes, mediaType: layer.mediaType }
        : { layerDigest, layerAvailability: "UNAVAILABLE" },
    );
  }
  return { layers, failures };
}

/** Operations on layers, and the token that opens the data plane. */
export const layerOperations: Record<string, EcrOperation> = {
  GetAuthorizationToken: getAuthorizationToken,
  GetDownloadUrlForLayer: getDownloadUrlForLayer,
  BatchCheckLayerAvailability: batchCheckLayerAvailability,
};
