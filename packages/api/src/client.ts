import { z } from "zod";
import { Problem } from "./problem.ts";
import type { RouteDefinition } from "./route.ts";
import { apiPrefix, type RouteName, type Routes, routes } from "./routes.ts";

type Input<T> = T extends z.ZodType ? z.input<T> : never;
type Part<D, Key extends string, Name extends string> = D extends { [K in Key]: infer Schema extends z.ZodType }
  ? Record<string, never> extends Input<Schema>
    ? { [K in Name]?: Input<Schema> }
    : { [K in Name]: Input<Schema> }
  : unknown;
/** What a call of this route takes. */
export type CallArguments<D> = Part<D, "params", "params"> &
  Part<D, "query", "query"> &
  Part<D, "body", "body"> & { signal?: AbortSignal };
type Response<D> = D extends { response: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;
/** What a call of this route gives: a value, or for streamed routes values as they come. */
export type CallResult<D> = D extends { stream: true } ? AsyncIterable<Response<D>> : Promise<Response<D>>;

type Callable = { [Name in RouteName as Routes[Name] extends { websocket: unknown } ? never : Name]: Routes[Name] };
export type Client = { [Name in keyof Callable]: (args: CallArguments<Callable[Name]>) => CallResult<Callable[Name]> };

export type ClientOptions = {
  /** The access URL, e.g. `http://localhost:7080`. */
  baseUrl: string;
  /** Sent as a bearer token; browsers leave it out and use their cookie. */
  token?: string;
  fetch?: typeof fetch;
};

/** An answer that is a problem, thrown. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ApiError";
    this.problem = problem;
  }
}

type AnyArguments = {
  params?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
};

/** Path and query of a call, below the access URL. */
export function pathOf(definition: RouteDefinition, args: Pick<AnyArguments, "params" | "query">): string {
  const path = definition.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(args.params?.[name] ?? ""),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args.query ?? {})) if (value !== undefined) query.set(name, String(value));
  const search = query.toString();
  return `${apiPrefix}${path}${search ? `?${search}` : ""}`;
}

async function problemOf(response: globalThis.Response): Promise<ApiError> {
  const parsed = Problem.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return new ApiError(parsed.data);
  return new ApiError({
    type: "about:blank",
    title: "The answer was not Berth's",
    status: response.status,
    detail: `The server answered with status ${response.status} in a form that Berth does not send.`,
    code: "ANSWER_NOT_UNDERSTOOD",
    fix: { text: "Check that the URL is Berth's, and that no proxy answers in its place." },
    retryable: response.status >= 500,
    requestId: response.headers.get("x-request-id") ?? "",
  });
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const complete = rest.split("\n");
      rest = complete.pop() ?? "";
      for (const line of complete) if (line.trim()) yield line;
      if (done) break;
    }
    if (rest.trim()) yield rest;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Sent with every request that is not authorized by a token: other sites cannot add a header without asking first. */
export const csrfHeader = "x-berth-csrf";

/** A client with one method a route, typed by the contract. Throws `ApiError` for problems, and what `fetch` throws when nothing answers. */
export function createClient(options: ClientOptions): Client {
  const send = async (definition: RouteDefinition, args: AnyArguments) => {
    const headers = new Headers({ accept: definition.stream ? "application/x-ndjson" : "application/json" });
    if (options.token) headers.set("authorization", `Bearer ${options.token}`);
    else headers.set(csrfHeader, "1");
    if (args.body !== undefined) headers.set("content-type", "application/json");
    const response = await (options.fetch ?? fetch)(new URL(pathOf(definition, args), options.baseUrl), {
      method: definition.method,
      headers,
      redirect: "error",
      ...(args.body === undefined ? {} : { body: JSON.stringify(args.body) }),
      ...(args.signal ? { signal: args.signal } : {}),
    });
    if (!response.ok) throw await problemOf(response);
    return response;
  };
  const schemaOf = (definition: RouteDefinition) => definition.response ?? z.undefined();
  const call = async (definition: RouteDefinition, args: AnyArguments) => {
    const response = await send(definition, args);
    return schemaOf(definition).parse(definition.status === 204 ? undefined : await response.json());
  };
  async function* stream(definition: RouteDefinition, args: AnyArguments) {
    const { body } = await send(definition, args);
    if (!body) return;
    for await (const line of lines(body)) yield schemaOf(definition).parse(JSON.parse(line));
  }
  const methods = Object.entries<RouteDefinition>(routes)
    .filter(([, definition]) => !definition.websocket)
    .map(([name, definition]) => [
      name,
      (args: AnyArguments) => (definition.stream ? stream(definition, args) : call(definition, args)),
    ]);
  return Object.fromEntries(methods) as Client;
}
