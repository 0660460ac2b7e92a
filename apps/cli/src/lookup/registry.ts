import type { Client, Registry } from "@berth/api";
import { ambiguous, isId, notFound } from "./not-found.ts";
import { everyItem } from "./page.ts";

/** Finds a registry by name or id. Throws NOT_FOUND and AMBIGUOUS_NAME. */
export async function findRegistry(client: Client, name: string, signal: AbortSignal): Promise<Registry> {
  if (isId(name)) return client.getRegistry({ params: { registryId: name }, signal });
  const found: Registry[] = [];
  for await (const registry of everyItem((query) => client.listRegistries({ query: { ...query, name }, signal }))) {
    if (registry.name === name) found.push(registry);
  }
  const [only] = found;
  if (!only) throw notFound("registry", name, "berth registries ls");
  if (found.length === 1) return only;
  const ids = found.map(({ id, registry }) => `${id} (${registry})`);
  throw ambiguous("registries", name, ids, "Give the id instead of the name.");
}
