import { registryHost } from "../http/endpoint.ts";
import type { RepositoryRecord } from "../registry/records.ts";
import { repositoryArn } from "../registry/repository-store.ts";
import {
  authorizedRepository,
  authorizeOn,
  type EcrContext,
  type EcrOperation,
  epochSeconds,
  placeOf,
  registryOf,
} from "./context.ts";

const mutabilities = ["MUTABLE", "IMMUTABLE"] as const;
const encryptionTypes = ["AES256", "KMS"] as const;

function view(record: RepositoryRecord) {
  return {
    repositoryArn: repositoryArn(record),
    registryId: record.registryId,
    repositoryName: record.name,
    repositoryUri: `${registryHost(record.registryId, record.region)}/${record.name}`,
    createdAt: epochSeconds(record.createdAt),
    imageTagMutability: record.tagMutability,
    imageScanningConfiguration: { scanOnPush: record.scanOnPush },
    encryptionConfiguration: { encryptionType: record.encryptionType, kmsKey: record.kmsKey },
  };
}

function describeNamed(context: EcrContext, names: readonly string[]): object {
  context.input.refuseTogether("maxResults", "repositoryNames");
  context.input.refuseTogether("nextToken", "repositoryNames");
  const places = names.map((name) => ({ registryId: registryOf(context), region: context.call.region, name }));
  for (const place of places) authorizeOn(context, place);
  return { repositories: places.map((place) => view(context.deps.repositories.require(place))) };
}

function describeAll(context: EcrContext): object {
  const { call, input, deps } = context;
  const registryId = registryOf(context);
  // Unfiltered listing is a question about the whole registry.
  authorizeOn(context, { registryId, region: call.region, name: "*" });
  const all = deps.repositories.list({ registryId, region: call.region });
  const request = { input, operation: call.operation, registryId, region: call.region };
  const { page, ...next } = deps.paging.page(all, (record) => record.name, request);
  return { repositories: page.map(view), ...next };
}

function policyView(context: EcrContext, policyText: string): object {
  const { registryId, name } = placeOf(context);
  return { registryId, repositoryName: name, policyText };
}

/** Operations on repositories and on their policies. */
export const repositoryOperations: Record<string, EcrOperation> = {
  CreateRepository(context) {
    const place = placeOf(context);
    const tagMutability = context.input.oneOf("imageTagMutability", mutabilities) ?? "MUTABLE";
    const scanOnPush = context.input.object("imageScanningConfiguration").boolean("scanOnPush");
    const encryption = context.input.object("encryptionConfiguration");
    const encryptionType = encryption.oneOf("encryptionType", encryptionTypes) ?? "AES256";
    const kmsKey = encryption.string("kmsKey");
    const resourceTags = context.input.tags();
    authorizeOn(context, place);
    if (Object.keys(resourceTags).length > 0) authorizeOn(context, place, "TagResource");
    const settings = { tagMutability, scanOnPush, encryptionType, kmsKey, resourceTags };
    return { repository: view(context.deps.repositories.create(place, settings)) };
  },
  DeleteRepository(context) {
    const place = placeOf(context);
    const isForced = context.input.boolean("force");
    authorizeOn(context, place);
    return { repository: view(context.deps.repositories.delete(place, isForced)) };
  },
  DescribeRepositories(context) {
    const names = context.input.repositoryNames();
    return names ? describeNamed(context, names) : describeAll(context);
  },
  PutImageTagMutability(context) {
    context.input.requiredString("imageTagMutability");
    const imageTagMutability = context.input.oneOf("imageTagMutability", mutabilities) ?? "MUTABLE";
    const { registryId, name } = authorizedRepository(context);
    context.deps.repositories.setTagMutability(placeOf(context), imageTagMutability);
    return { registryId, repositoryName: name, imageTagMutability };
  },
  SetRepositoryPolicy(context) {
    const text = context.input.requiredString("policyText", { max: 10_240 });
    authorizedRepository(context);
    context.deps.repositories.setPolicy(placeOf(context), text);
    return policyView(context, text);
  },
  GetRepositoryPolicy(context) {
    authorizedRepository(context);
    return policyView(context, context.deps.repositories.requirePolicy(placeOf(context)));
  },
  DeleteRepositoryPolicy(context) {
    authorizedRepository(context);
    return policyView(context, context.deps.repositories.deletePolicy(placeOf(context)));
  },
};
