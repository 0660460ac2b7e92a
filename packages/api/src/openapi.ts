import { z } from "zod";
import { Problem } from "./problem.ts";
import type { RouteDefinition } from "./route.ts";
import { apiPrefix, routes } from "./routes.ts";

type Json = Record<string, unknown>;

/** JSON Schema for one place; named schemas are lifted into `components` and referred to. */
function schemaFor(schema: z.ZodType, io: "input" | "output", components: Map<string, Json>): Json {
  const json = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" }) as Json;
  const { $schema: _, $defs, id, ...body } = json;
  const suffix = io === "input" ? "Input" : "";
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "id" || typeof value === "object")
        .map(([key, inner]) =>
          key === "$ref" && typeof inner === "string"
            ? [key, inner.replace("#/$defs/", "#/components/schemas/") + suffix]
            : [key, rename(inner)],
        ),
    );
  };
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
    const { id: _id, ...rest } = definition;
    components.set(name + suffix, rename(rest) as Json);
  }
  if (typeof id === "string") {
    components.set(id + suffix, rename(body) as Json);
    return { $ref: `#/components/schemas/${id}${suffix}` };
  }
  return rename(body) as Json;
}

function parameters(definition: RouteDefinition, components: Map<string, Json>): Json[] {
  return (["params", "query"] as const).flatMap((place) => {
    const schema = definition[place];
    if (!schema) return [];
    const json = schemaFor(schema, "input", components) as { properties?: Record<string, Json>; required?: string[] };
    return Object.entries(json.properties ?? {}).map(([name, property]) => ({
      name,
      in: place === "params" ? "path" : "query",
      required: place === "params" || (json.required ?? []).includes(name),
      schema: property,
    }));
  });
}

function operation(name: string, definition: RouteDefinition, components: Map<string, Json>): Json {
  const type = definition.stream ? "application/x-ndjson" : "application/json";
  const success: Json = { description: definition.summary };
  if (definition.response)
    success.content = { [type]: { schema: schemaFor(definition.response, "output", components) } };
  const { description: _, ...rest } = success;
  return {
    operationId: name,
    summary: definition.summary,
    tags: [definition.path.split("/")[1]],
    ...(definition.scope === "public" ? { security: [] } : { "x-scope": definition.scope }),
    ...(definition.problems ? { "x-problems": definition.problems } : {}),
    ...(definition.websocket ? { "x-websocket": definition.websocket } : {}),
    parameters: parameters(definition, components),
    ...(definition.body
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaFor(definition.body, "input", components) } },
          },
        }
      : {}),
    responses: {
      [definition.websocket ? "101" : String(definition.status)]: { description: definition.summary, ...rest },
      default: {
        description: "A problem (RFC 9457)",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

/** The OpenAPI 3.1 document of the whole contract. */
export function openApiDocument(version: string): Json {
  const components = new Map<string, Json>();
  schemaFor(Problem, "output", components);
  const paths: Record<string, Json> = {};
  for (const [name, definition] of Object.entries<RouteDefinition>(routes)) {
    const path = `${apiPrefix}${definition.path}`;
    paths[path] = { ...paths[path], [definition.method.toLowerCase()]: operation(name, definition, components) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Berth", version, description: "Workspaces from the images of a private registry." },
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "berth_session" },
      },
    },
  };
}
