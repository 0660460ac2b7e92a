import { usageError } from "../errors/cli-error.ts";

/** What was typed for an image: a path, which may start with a registry's host, and a tag. */
export type ImageReference = { path: string; tag: string | undefined };

/** Splits `HOST:443/team/base:1` at its tag. Throws USAGE for a digest, which images are not chosen by. */
export function parseImageReference(text: string): ImageReference {
  const plain = text.replace(/^https?:\/\//, "");
  if (plain.includes("@")) {
    throw usageError(`${text} names a digest; images are chosen by tag.`, { text: "Write it as team/base:TAG." });
  }
  const colon = plain.indexOf(":", plain.lastIndexOf("/") + 1);
  const path = colon < 0 ? plain : plain.slice(0, colon);
  const tag = colon < 0 ? undefined : plain.slice(colon + 1);
  if (path === "" || tag === "") {
    throw usageError(`${text} is not an image reference.`, { text: "Write it as team/base:1 or HOST/team/base:1." });
  }
  return { path, tag };
}

/** The repository, when the path is one of this host; undefined when it names another host or none. */
export function repositoryOn(host: string, path: string): string | undefined {
  return path.toLowerCase().startsWith(`${host.toLowerCase()}/`) ? path.slice(host.length + 1) : undefined;
}
