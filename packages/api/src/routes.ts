import { auditRoutes } from "./audit.ts";
import { imageRoutes } from "./images.ts";
import { registryRoutes } from "./registries.ts";
import { tokenRoutes } from "./tokens.ts";
import { userRoutes } from "./users.ts";
import { workspaceRoutes } from "./workspaces.ts";

/** Every endpoint of the API, by the name its client method has. */
export const routes = {
  ...userRoutes,
  ...tokenRoutes,
  ...auditRoutes,
  ...registryRoutes,
  ...imageRoutes,
  ...workspaceRoutes,
};
export type Routes = typeof routes;
export type RouteName = keyof Routes;

export const apiPrefix = "/api/v1";
