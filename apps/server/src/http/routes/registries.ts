import type { registryRoutes } from "@berth/api";
import type { Registries } from "../../domain/registries/registries.ts";
import type { RegistryBrowser } from "../../domain/registries/registry-browser.ts";
import type { RegistryChecks } from "../../domain/registries/registry-checks.ts";
import type { Handlers } from "../handler.ts";

export type RegistryHandlersDeps = { registries: Registries; checks: RegistryChecks; browser: RegistryBrowser };

/** Registry endpoints. */
export function registryHandlers(deps: RegistryHandlersDeps): Pick<Handlers, keyof typeof registryRoutes> {
  const { registries, checks, browser } = deps;
  return {
    listRegistries: ({ actor, query }) => registries.list(actor, query),
    createRegistry: ({ actor, origin, body }) => registries.create(body, { actor, origin }),
    checkNewRegistry: ({ actor, body, signal }) => checks.checkNew(actor, body, signal),
    getRegistry: ({ actor, params }) => registries.show(actor, params.registryId),
    updateRegistry: ({ actor, origin, params, body }) => registries.update(params.registryId, body, { actor, origin }),
    deleteRegistry: ({ actor, origin, params }) => registries.remove(params.registryId, { actor, origin }),
    checkRegistry: ({ actor, origin, params, body, signal }) =>
      checks.check(params.registryId, body?.repository, { actor, origin }, signal),
    listRepositories: ({ actor, params, query, signal }) =>
      browser.repositories(actor, params.registryId, query, signal),
    listRegistryTags: ({ actor, params, query, signal }) => browser.tags(actor, params.registryId, query, signal),
  };
}
