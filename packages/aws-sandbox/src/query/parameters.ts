import { AwsError } from "../aws-error.ts";
import { parseQuery } from "../sigv4/canonical-request.ts";

function invalid(message: string): AwsError {
  return new AwsError("ValidationError", message);
}

/** Parameters of a query-protocol call, checked as they are read. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>;

  constructor(form: string) {
    this.#values = new Map(parseQuery(form));
  }

  optional(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === "" ? undefined : value;
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) {
      throw invalid(
        `1 validation error detected: Value null at '${camelCase(name)}' failed to satisfy constraint: Member must not be null`,
      );
    }
    return value;
  }

  /** A name of letters, digits and `_+=,.@-` only. */
  name(parameter: string, maxLength: number): string {
    const value = this.required(parameter);
    if (!/^[\w+=,.@-]+$/.test(value)) {
      throw invalid(
        `The specified value for ${camelCase(parameter)} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
      );
    }
    if (value.length > maxLength) {
      throw invalid(
        `1 validation error detected: Value at '${camelCase(parameter)}' failed to satisfy constraint: Member must have length less than or equal to ${maxLength}`,
      );
    }
    return value;
  }

  path(parameter: string): string {
    const value = this.optional(parameter) ?? "/";
    if (value.length > 512 || !/^(\/|\/[\x21-\x7f]+\/)$/.test(value)) {
      throw invalid(
        `The specified value for ${camelCase(parameter)} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.`,
      );
    }
    return value;
  }

  oneOf<const T extends string>(parameter: string, values: readonly T[], fallback?: T): T {
    const given = fallback === undefined ? this.required(parameter) : (this.optional(parameter) ?? fallback);
    const value = values.find((one) => one === given);
    if (value === undefined) {
      throw invalid(
        `1 validation error detected: Value '${given.slice(0, 100)}' at '${camelCase(parameter)}' failed to satisfy constraint: Member must satisfy enum value set: [${values.join(", ")}]`,
      );
    }
    return value;
  }

  integer(parameter: string, range: { min: number; max: number; fallback: number }): number {
    const text = this.optional(parameter);
    if (text === undefined) return range.fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < range.min || value > range.max) {
      throw invalid(
        `1 validation error detected: Value '${text.slice(0, 40)}' at '${camelCase(parameter)}' failed to satisfy constraint: Member must have value between ${range.min} and ${range.max}`,
      );
    }
    return value;
  }
}

function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** One page of a list in the order of `Marker`; the marker is the last id of the page before. */
export function pageOf<T>(items: readonly T[], parameters: Parameters, idOf: (item: T) => string) {
  const size = parameters.integer("MaxItems", { min: 1, max: 1000, fallback: 100 });
  const marker = parameters.optional("Marker");
  const sorted = [...items].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const after = marker === undefined ? undefined : Buffer.from(marker, "base64url").toString("utf8");
  const rest = after === undefined ? sorted : sorted.filter((item) => idOf(item) > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const isTruncated = rest.length > size;
  const next = isTruncated && last !== undefined ? Buffer.from(idOf(last)).toString("base64url") : undefined;
  return { page, IsTruncated: isTruncated, Marker: next };
}
