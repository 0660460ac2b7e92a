import type { RouteDefinition } from "@berth/api";
import type { z } from "zod";
import { BerthError } from "../domain/berth-error.ts";

type Place = "params" | "query" | "body";
type RequestError = { path: string; message: string };

/** PostgreSQL has no NUL in text, and nobody means one. */
function pathOfNul(value: unknown, path: string): string | undefined {
  if (typeof value === "string") return value.includes("\0") ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = pathOfNul(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function issuesOf(place: Place, error: z.ZodError): RequestError[] {
  return error.issues.map((issue) => ({ path: [place, ...issue.path.map(String)].join("."), message: issue.message }));
}

/** Parses every part of a request by its route. Throws REQUEST_INVALID with all that is wrong, at most 20 things. */
export function parseRequest(
  definition: RouteDefinition,
  raw: Record<Place, unknown>,
): { params: unknown; query: unknown; body: unknown } {
  const errors: RequestError[] = [];
  const parsePlace = (place: Place): unknown => {
    const schema: z.ZodType | undefined = definition[place];
    if (!schema) return undefined;
    const nul = pathOfNul(raw[place], place);
    if (nul !== undefined) {
      errors.push({ path: nul, message: "NUL characters are not allowed" });
      return undefined;
    }
    const parsed = schema.safeParse(raw[place]);
    if (parsed.success) return parsed.data;
    errors.push(...issuesOf(place, parsed.error));
    return undefined;
  };
  const parsed = { params: parsePlace("params"), query: parsePlace("query"), body: parsePlace("body") };
  if (errors.length === 0) return parsed;
  const [first] = errors;
  throw new BerthError("REQUEST_INVALID", `${first?.path}: ${first?.message}.`.replace(/\.\.$/, "."), {
    errors: errors.slice(0, 20),
  });
}
