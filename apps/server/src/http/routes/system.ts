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

/** What somebody sees who opens Berth in a browser before there is a console: how to go on, without any script. */
function welcomePage(origin: string): string {
  const url = origin.replace(/[&<>"']/g, "");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Berth</title>
<h1>Berth is running</h1>
<p>This version is used from a terminal. To make the first administrator, paste the set-up URL that the server printed,
with its token:</p>
<pre>berth login '${url}/setup#token=…' --email you@example.com</pre>
<p>To sign in afterwards:</p>
<pre>berth login ${url} --email you@example.com</pre>
<p><code>berth --help</code> lists what can be done. The API is described in
<a href="${apiPrefix}/openapi.json">OpenAPI</a>.</p>
</html>
`;
}

/** What machines ask: health, readiness, metrics, and the API's description. Outside the contract, so outside OpenAPI. */
export function systemRoutes(deps: SystemRoutesDeps): (app: FastifyInstance) => void {
  const { version, pingDatabase, metrics } = deps;
  let openApi: string | undefined;
  return (app) => {
    app.get("/healthz", { config: { route: "healthz" } }, async () => ({ status: "ok", version }));

    for (const path of ["/", "/setup"]) {
      app.get(path, { config: { route: "welcome" } }, async (_request, reply) => {
        return await reply.type("text/html; charset=utf-8").send(welcomePage(deps.accessOrigin));
      });
    }

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
