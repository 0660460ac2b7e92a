import type { Client, User } from "@berth/api";
import { isId, notFound } from "./not-found.ts";
import { everyItem } from "./page.ts";

/** Finds a user by username, e-mail address or id. Throws NOT_FOUND. */
export async function findUser(client: Client, text: string, signal: AbortSignal): Promise<User> {
  const search = isId(text) ? {} : { search: text };
  for await (const user of everyItem((query) => client.listUsers({ query: { ...query, ...search }, signal }))) {
    if (user.id === text || user.username === text || user.email.toLowerCase() === text.toLowerCase()) return user;
  }
  throw notFound("user", text, "berth users ls");
}
