import { AwsError } from "../aws-error.ts";
import type { Clock } from "../clock.ts";
import type { AttachedPolicy } from "../iam/evaluate.ts";
import { MalformedPolicy, parsePolicyDocument } from "../iam/policy-document.ts";
import type { Tables } from "../state/tables.ts";
import type { RegistryTables, RepositoryRecord } from "./records.ts";

/** A repository's place in AWS. */
export type RepositoryName = { registryId: string; region: string; name: string };

export function repositoryArn({ registryId, region, name }: RepositoryName): string {
  return `arn:aws:ecr:${region}:${registryId}:repository/${name}`;
}

/** 2–256 characters; lower-case components with single separators. Checked piecewise, so in linear time. */
export function isRepositoryName(name: string): boolean {
  return (
    name.length >= 2 &&
    name.length <= 256 &&
    name.split("/").every((part) => /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/.test(part))
  );
}

export function repositoryNotFound({ name, registryId }: RepositoryName): AwsError {
  return new AwsError(
    "RepositoryNotFoundException",
    `The repository with name '${name}' does not exist in the registry with id '${registryId}'`,
  );
}

/** The part of the repositories table that holds a registry. */
export function registryPart({ registryId, region }: Pick<RepositoryName, "registryId" | "region">): string {
  return `${registryId}/${region}`;
}

/** What a repository is made with; the rest is ECR's defaults. */
export type RepositorySettings = {
  tagMutability?: RepositoryRecord["tagMutability"] | undefined;
  scanOnPush?: boolean;
  encryptionType?: RepositoryRecord["encryptionType"];
  kmsKey?: string | undefined;
  resourceTags?: Record<string, string>;
};

/** Repositories and their settings; what they hold is in `ImageStore`. */
export class RepositoryStore {
  readonly #tables: RegistryTables;
  readonly #state: Tables;
  readonly #clock: Clock;

  constructor(tables: RegistryTables, state: Tables, clock: Clock) {
    this.#tables = tables;
    this.#state = state;
    this.#clock = clock;
  }

  find(place: RepositoryName): RepositoryRecord | undefined {
    return this.#tables.repositories.get(registryPart(place), place.name);
  }

  /** Throws `RepositoryNotFoundException`. */
  require(place: RepositoryName): RepositoryRecord {
    const record = this.find(place);
    if (!record) throw repositoryNotFound(place);
    return record;
  }

  /** Every repository of a registry, by name. */
  list(registry: { registryId: string; region: string }): RepositoryRecord[] {
    const records = [...this.#tables.repositories.entries(registryPart(registry)).values()];
    return records.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  create(place: RepositoryName, settings: RepositorySettings = {}): RepositoryRecord {
    if (this.find(place)) {
      throw new AwsError(
        "RepositoryAlreadyExistsException",
        `The repository with name '${place.name}' already exists in the registry with id '${place.registryId}'`,
      );
    }
    const {
      tagMutability = "MUTABLE",
      scanOnPush = false,
      encryptionType = "AES256",
      kmsKey,
      resourceTags = {},
    } = settings;
    const own = {
      tagMutability,
      scanOnPush,
      encryptionType,
      resourceTags,
      ...(kmsKey === undefined ? {} : { kmsKey }),
    };
    return this.#save({ ...place, ...own, createdAt: this.#clock.now() });
  }

  /** Throws `RepositoryNotEmptyException` unless forced. */
  delete(place: RepositoryName, isForced: boolean): RepositoryRecord {
    const record = this.require(place);
    const arn = repositoryArn(place);
    const { repositories, images, tags, layers } = this.#tables;
    if (!isForced && images.entries(arn).size > 0) {
      throw new AwsError(
        "RepositoryNotEmptyException",
        `The repository with name '${place.name}' in registry with id '${place.registryId}' cannot be deleted because it still contains images`,
      );
    }
    const contents = [...images.removeAll(arn), ...tags.removeAll(arn), ...layers.removeAll(arn)];
    this.#state.commit(...contents, repositories.remove(registryPart(place), place.name));
    return record;
  }

  /** Throws `TooManyTagsException` beyond 50. */
  setResourceTags(place: RepositoryName, resourceTags: Record<string, string>): void {
    if (Object.keys(resourceTags).length > 50) {
      throw new AwsError("TooManyTagsException", "The maximum number of tags on a repository is 50");
    }
    this.#save({ ...this.require(place), resourceTags });
  }

  setTagMutability(place: RepositoryName, tagMutability: RepositoryRecord["tagMutability"]): void {
    this.#save({ ...this.require(place), tagMutability });
  }

  /** Throws `InvalidParameterException` for a document that ECR would refuse. */
  setPolicy(place: RepositoryName, policyText: string): void {
    const record = this.require(place);
    try {
      parsePolicyDocument(policyText, "repository");
    } catch (error) {
      if (!(error instanceof MalformedPolicy)) throw error;
      const message = `Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'`;
      throw new AwsError("InvalidParameterException", message);
    }
    this.#save({ ...record, policyText });
  }

  /** Throws `RepositoryPolicyNotFoundException`. */
  requirePolicy(place: RepositoryName): string {
    const { policyText } = this.require(place);
    if (policyText !== undefined) return policyText;
    throw new AwsError(
      "RepositoryPolicyNotFoundException",
      `Repository policy does not exist for the repository with name '${place.name}' in the registry with id '${place.registryId}'`,
    );
  }

  deletePolicy(place: RepositoryName): string {
    const text = this.requirePolicy(place);
    const { policyText: _, ...record } = this.require(place);
    this.#save(record);
    return text;
  }

  /** The repository's policy as the evaluator takes it. */
  attachedPolicy(place: RepositoryName): AttachedPolicy | undefined {
    const text = this.find(place)?.policyText;
    if (text === undefined) return undefined;
    return { name: repositoryArn(place), document: parsePolicyDocument(text, "repository") };
  }

  #save(record: RepositoryRecord): RepositoryRecord {
    this.#state.commit(this.#tables.repositories.put(registryPart(record), record.name, record));
    return record;
  }
}
