import type { Client, Registry } from "@berth/api";
import { usageError } from "../errors/cli-error.ts";
import { parseImageReference, repositoryOn } from "./image-reference.ts";
import { ambiguous } from "./not-found.ts";
import { everyItem } from "./page.ts";
import { findRegistry } from "./registry.ts";

/** What is to be imported from where. */
export type ImportTarget = { registry: Registry; repository: string; tag: string };

/**
 * Finds the registry and the repository meant by `HOST/team/base:1`: the registry named, else the only one with that
 * host. Throws USAGE, NOT_FOUND and AMBIGUOUS_NAME.
 */
export async function findImportTarget(
  client: Client,
  reference: string,
  registryName: string | undefined,
  signal: AbortSignal,
): Promise<ImportTarget> {
  const { path, tag } = parseImageReference(reference);
  if (tag === undefined) {
    throw usageError(`${reference} names no tag.`, {
      text: "Add one, as in team/base:1; see which there are:",
      command: `berth registries tags ${registryName ?? "REGISTRY"} ${registryName ? path : "REPOSITORY"}`,
    });
  }
  const all: Registry[] = [];
  const isNamed = registryName !== undefined;
  const named = isNamed ? await findRegistry(client, registryName, signal) : undefined;
  const own = named ? repositoryOn(named.registry, path) : undefined;
  if (named && own !== undefined) return { registry: named, repository: own, tag };
  for await (const registry of everyItem((query) => client.listRegistries({ query, signal }))) all.push(registry);
  const matching = all.filter(({ registry }) => repositoryOn(registry, path) !== undefined);
  if (named) return { registry: onlyWithoutHost(named, matching, path), repository: path, tag };
  const [only] = matching;
  if (!only) throw noRegistryFor(reference, all);
  if (matching.length > 1) {
    const names = matching.map(({ name }) => name);
    throw ambiguous("registries", only.registry, names, `Choose one with --registry, as in --registry ${names[0]}.`);
  }
  return { registry: only, repository: repositoryOn(only.registry, path) ?? path, tag };
}

/** A path that starts with another registry's host does not belong to the registry that was named. */
function onlyWithoutHost(named: Registry, matching: readonly Registry[], path: string): Registry {
  const [other] = matching;
  if (!other) return named;
  throw usageError(`${path} is on ${other.registry}, but registry ${named.name} is ${named.registry}.`, {
    text: `Use --registry ${other.name}, or leave the host out.`,
  });
}

function noRegistryFor(reference: string, all: readonly Registry[]) {
  const names = all.map(({ name }) => name);
  const known = names.length === 0 ? "None is connected yet." : `Connected: ${names.slice(0, 10).join(", ")}.`;
  return usageError(`No registry's host starts ${reference}. ${known}`, {
    text: "Name the registry with --registry, or connect one:",
    command: "berth registries add NAME --registry HOST --access-key-id AKIA…",
  });
}
