import type { Client, Workspace } from "@berth/api";
import { ambiguous, isId, notFound } from "./not-found.ts";
import { everyItem } from "./page.ts";

/** Finds a workspace by name, `owner/name` or id. Throws NOT_FOUND and AMBIGUOUS_NAME. */
export async function findWorkspace(client: Client, text: string, signal: AbortSignal): Promise<Workspace> {
  if (isId(text)) return client.getWorkspace({ params: { workspaceId: text }, signal });
  const slash = text.indexOf("/");
  const owner = slash > 0 ? text.slice(0, slash) : "me";
  const name = text.slice(slash + 1);
  const found: Workspace[] = [];
  const pages = everyItem((page) => client.listWorkspaces({ query: { ...page, owner, name }, signal }));
  for await (const workspace of pages) {
    if (workspace.name === name && (owner === "me" || workspace.owner.username === owner)) found.push(workspace);
  }
  const [only] = found;
  if (!only) throw notFound("workspace", text, "berth ws ls");
  if (found.length === 1) return only;
  const candidates = found.map(({ id, image }) => `${id} (${image.reference})`);
  throw ambiguous("workspaces", text, candidates, "Give the id instead of the name.");
}

/** The name to type for a workspace: with its owner when it is somebody else's. */
export function workspaceName(workspace: Workspace, typed: string): string {
  return typed.includes("/") ? `${workspace.owner.username}/${workspace.name}` : workspace.name;
}
