import { apiPrefix, type RouteDefinition, type RouteName, routes } from "@berth/api";

type Entry = { name: RouteName; definition: RouteDefinition; pattern: RegExp };

const entries: Entry[] = Object.entries<RouteDefinition>(routes).map(([name, definition]) => ({
  name: name as RouteName,
  definition,
  pattern: new RegExp(`^${apiPrefix}${definition.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

/** The methods a path knows; empty for a path that is none. */
export function methodsAt(path: string): string[] {
  return [...new Set(entries.filter(({ pattern }) => pattern.test(path)).map(({ definition }) => definition.method))];
}

/** The WebSocket route at a path, with its raw parameters. Throws URIError for broken escapes. */
export function webSocketRouteAt(path: string): (Omit<Entry, "pattern"> & { params: unknown }) | undefined {
  for (const { name, definition, pattern } of entries) {
    const groups = definition.websocket && pattern.exec(path)?.groups;
    if (!groups) continue;
    const params = Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]);
    return { name, definition, params: Object.fromEntries(params) };
  }
  return undefined;
}

/** A contract path in the router's notation. */
export function routerPath(definition: RouteDefinition): string {
  return `${apiPrefix}${definition.path.replace(/\{(\w+)\}/g, ":$1")}`;
}
