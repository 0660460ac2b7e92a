import { parseReference, parseRepositoryReference, RegistryError, type RepositoryReference } from "@berth/oci";
import { BerthError } from "../berth-error.ts";

/**
 * Reads a repository as people enter it: `team/base`, or a reference pasted with the registry's host in front. Throws
 * REFERENCE_MALFORMED (a RegistryError) for what is no name, and REQUEST_INVALID for one of another registry.
 */
export function readRepository(text: string, host: string): RepositoryReference {
  const trimmed = text.trim().replace(/\/+$/, "");
  if (!namesHost(trimmed)) return parseRepositoryReference(trimmed);
  const { registry, ...rest } = parseReference(trimmed);
  if (registry === host) return rest;
  throw new BerthError("REQUEST_INVALID", `${registry} is another registry than ${host}, which was chosen.`, {
    fix: { text: `Choose the registry of ${registry}, or give the repository without a host.` },
  });
}

/**
 * Whether a registry's host comes first. A dot is no sign of it, as it is for Docker: `my.team/base` is a repository
 * that ECR may have.
 */
function namesHost(text: string): boolean {
  if (/^https?:\/\//i.test(text)) return true;
  const slash = text.indexOf("/");
  return slash > 0 && /:|\.dkr[.-]ecr/i.test(text.slice(0, slash));
}

/** The same for an import, whose tag has a field of its own: a tag that was pasted along must agree with it. */
export function readImportedRepository(text: string, tag: string, host: string): string {
  const reference = readRepository(text, host);
  if (reference.digest !== undefined) {
    throw new RegistryError("REFERENCE_MALFORMED", {
      part: "repository",
      problem: "has a digest; images are imported by tag",
    });
  }
  if (reference.tag === undefined || reference.tag === tag) return reference.repository;
  const problem = `names the tag ${reference.tag}, and the tag given is ${tag}`;
  throw new RegistryError("REFERENCE_MALFORMED", { part: "repository", problem });
}
