import { AwsError } from "../aws-error.ts";
import { isRepositoryName } from "../registry/repository-store.ts";

/** The exception ECR answers a bad member with. */
export function invalidParameter(name: string, constraint: string): AwsError {
  return new AwsError(
    "InvalidParameterException",
    `Invalid parameter at '${name}' failed to satisfy constraint: '${constraint}'`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType(expected: string): AwsError {
  return new AwsError("SerializationException", `${expected} can not be converted from the given value`);
}

export type ImageId = { imageDigest?: string; imageTag?: string };
const repositoryConstraint =
  "must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'";

/** The JSON body of an ECR call, checked member by member against ECR's service model. */
export class Input {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  static parse(body: Buffer): Input {
    let json: unknown = {};
    try {
      if (body.length > 0) json = JSON.parse(body.toString("utf8"));
    } catch {
      throw new AwsError("SerializationException", "The request body is not valid JSON");
    }
    if (!isRecord(json)) throw wrongType("START_OBJECT");
    return new Input(json);
  }

  /** The members that are not about paging, to bind page tokens to the rest of the request. */
  fingerprint(): string {
    const entries = Object.entries(this.#values).filter(([name]) => name !== "nextToken" && name !== "maxResults");
    return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  string(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    if (typeof value !== "string") throw wrongType("STRING_VALUE");
    return value;
  }

  requiredString(name: string, limits: { min?: number; max?: number } = {}): string {
    const value = this.string(name);
    if (value === undefined) throw invalidParameter(name, "must not be null");
    const { min = 0, max = Number.POSITIVE_INFINITY } = limits;
    if (value.length < min) throw invalidParameter(name, `Member must have length greater than or equal to ${min}`);
    if (value.length > max) throw invalidParameter(name, `Member must have length less than or equal to ${max}`);
    return value;
  }

  boolean(name: string): boolean {
    if (!this.has(name)) return false;
    const value = this.#values[name];
    if (typeof value !== "boolean") throw wrongType("BOOLEAN_VALUE");
    return value;
  }

  integer(name: string, range: { min: number; max: number }): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    if (typeof value !== "number" || !Number.isInteger(value)) throw wrongType("NUMBER_VALUE");
    if (value < range.min) throw invalidParameter(name, `Member must have value greater than or equal to ${range.min}`);
    if (value > range.max) throw invalidParameter(name, `Member must have value less than or equal to ${range.max}`);
    return value;
  }

  oneOf<const T extends string>(name: string, values: readonly T[]): T | undefined {
    const given = this.string(name);
    if (given === undefined) return undefined;
    const value = values.find((one) => one === given);
    if (value === undefined) throw invalidParameter(name, `Member must satisfy enum value set: [${values.join(", ")}]`);
    return value;
  }

  object(name: string): Input {
    if (!this.has(name)) return new Input({});
    const value = this.#values[name];
    if (!isRecord(value)) throw wrongType("START_OBJECT");
    return new Input(value);
  }

  #list(name: string, max: number): unknown[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    if (!Array.isArray(value)) throw wrongType("START_ARRAY");
    if (value.length < 1) throw invalidParameter(name, "Member must have length greater than or equal to 1");
    if (value.length > max) throw invalidParameter(name, `Member must have length less than or equal to ${max}`);
    return value;
  }

  strings(name: string, max: number): string[] | undefined {
    return this.#list(name, max)?.map((value) => {
      if (typeof value !== "string") throw wrongType("STRING_VALUE");
      return value;
    });
  }

  /** Resource tags: a list of `{Key, Value}`. */
  tags(): Record<string, string> {
    const tags: Record<string, string> = {};
    for (const value of this.has("tags") ? (this.#list("tags", 50) ?? []) : []) {
      if (!isRecord(value)) throw wrongType("START_OBJECT");
      const tag = new Input(value);
      tags[tag.requiredString("Key", { min: 1, max: 128 })] = tag.requiredString("Value", { max: 256 });
    }
    return tags;
  }

  registryId(): string | undefined {
    const value = this.string("registryId");
    if (value !== undefined && !/^\d{12}$/.test(value)) {
      throw invalidParameter("registryId", "must satisfy regular expression '[0-9]{12}'");
    }
    return value;
  }

  repositoryName(): string {
    return checkRepositoryName("repositoryName", this.requiredString("repositoryName", { min: 2, max: 256 }));
  }

  repositoryNames(): string[] | undefined {
    return this.strings("repositoryNames", 100)?.map((name) => checkRepositoryName("repositoryNames", name));
  }

  imageIds(): ImageId[] | undefined {
    return this.#list("imageIds", 100)?.map((value) => {
      if (!isRecord(value)) throw wrongType("START_OBJECT");
      const id = new Input(value);
      const imageDigest = id.string("imageDigest");
      const imageTag = id.string("imageTag");
      return { ...(imageDigest === undefined ? {} : { imageDigest }), ...(imageTag === undefined ? {} : { imageTag }) };
    });
  }

  requiredImageIds(): ImageId[] {
    const ids = this.imageIds();
    if (!ids) throw invalidParameter("imageIds", "must not be null");
    return ids;
  }

  /** Refuses members that may not be used together. */
  refuseTogether(name: string, other: string): void {
    if (this.has(name) && this.has(other))
      throw invalidParameter(name, `must not be specified together with '${other}'`);
  }
}

function checkRepositoryName(parameter: string, name: string): string {
  if (!isRepositoryName(name)) throw invalidParameter(parameter, repositoryConstraint);
  return name;
}
