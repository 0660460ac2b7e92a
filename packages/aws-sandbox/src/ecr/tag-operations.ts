import { AwsError } from "../aws-error.ts";
import type { RepositoryName } from "../registry/repository-store.ts";
import { authorizeOn, type EcrContext, type EcrOperation } from "./context.ts";
import { invalidParameter } from "./input.ts";

/** The repository that a call on resource tags names by ARN. */
function taggedRepository(context: EcrContext): RepositoryName {
  const arn = context.input.requiredString("resourceArn");
  const [, region, registryId, name] = /^arn:aws:ecr:([a-z0-9-]+):(\d{12}):repository\/(.+)$/.exec(arn) ?? [];
  if (region === undefined || registryId === undefined || name === undefined) {
    throw invalidParameter("resourceArn", "Invalid ARN");
  }
  if (region !== context.call.region)
    throw new AwsError("InvalidParameterException", "The resource is in another region");
  return { region, registryId, name };
}

/** Operations on AWS resource tags, which policies use as conditions. */
export const tagOperations: Record<string, EcrOperation> = {
  ListTagsForResource(context) {
    const place = taggedRepository(context);
    authorizeOn(context, place);
    const { resourceTags } = context.deps.repositories.require(place);
    return { tags: Object.entries(resourceTags).map(([Key, Value]) => ({ Key, Value })) };
  },
  TagResource(context) {
    const place = taggedRepository(context);
    const tags = context.input.tags();
    authorizeOn(context, place);
    const { resourceTags } = context.deps.repositories.require(place);
    context.deps.repositories.setResourceTags(place, { ...resourceTags, ...tags });
    return {};
  },
  UntagResource(context) {
    const place = taggedRepository(context);
    const keys = context.input.strings("tagKeys", 50) ?? [];
    authorizeOn(context, place);
    const left = Object.entries(context.deps.repositories.require(place).resourceTags).filter(
      ([key]) => !keys.includes(key),
    );
    context.deps.repositories.setResourceTags(place, Object.fromEntries(left));
    return {};
  },
};
