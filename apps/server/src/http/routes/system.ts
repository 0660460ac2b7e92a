import { apiPrefix, openApiDocument } from "@berth/api";
import type { FastifyInstance } from "fastify";
import { authorize, site } from "../../domain/authorization.ts";
import { BerthError } from "../../domain/berth-error.ts";
import { type AuthenticateOptions, authenticate } from "../authenticate.ts";

export type SystemRoutesDeps = AuthenticateOptions & {
  version: string;
  /** Resolves when the database answers. */
  pingDatabase(): Promise<void>;
  metrics: { contentType: string; render(): Promise<string> };
};

/** How long a probe waits for the database. */
const pingTimeoutMs = 2_000;

async function withTimeout(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(new BerthError("DATABASE_UNAVAILABLE", "The database does not answer in time."));
    timer = setTimeout(late, pingTimeoutMs);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** What machines ask: health, readiness, metrics, and the API's description. Outside the contract, so outside OpenAPI. */
export function systemRoutes(deps: SystemRoutesDeps): (app: FastifyInstance) => void {
  const { version, pingDatabase, metrics } = deps;
  let openApi: string | undefined;
  return (app) => {
    app.get("/healthz", { config: { route: "healthz" } }, async () => ({ status: "ok", version }));

    app.get("/readyz", { config: { route: "readyz" } }, async () => {
      await withTimeout(pingDatabase());
      return { status: "ok", version };
    });

    app.get("/metrics", { config: { route: "metrics" } }, async (request, reply) => {
      request.actor = await authenticate(request.raw, "metrics:read", deps);
      if (request.actor) authorize(request.actor, "metrics.read", site);
      return await reply.type(metrics.contentType).send(await metrics.render());
    });

    app.get(`${apiPrefix}/openapi.json`, { config: { route: "openapi" } }, async (_request, reply) => {
      openApi ??= JSON.stringify(openApiDocument(version));
      return await reply.type("application/json; charset=utf-8").send(openApi);
    });
  };
}
