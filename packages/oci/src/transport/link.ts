import { RegistryError } from "../errors.ts";
import type { RegistryFacts } from "../failures.ts";

/**
 * The path of the next page from a `Link: <…>; rel="next"` header (RFC 8288), or undefined on the last page.
 * It carries the credential, so a link that leaves the origin throws REDIRECT_FORBIDDEN.
 */
export function nextPage(header: string | undefined, current: URL, facts: RegistryFacts): string | undefined {
  for (const match of (header ?? "").slice(0, 16_384).matchAll(/<([^<>]*)>([^<]*)/g)) {
    const [, target = "", parameters = ""] = match;
    if (!/;\s*rel\s*=\s*(?:"next"|next)(?:\s*[;,]|\s*$)/i.test(parameters)) continue;
    const next = URL.canParse(target, current.href) ? new URL(target, current) : undefined;
    if (next?.origin !== current.origin) {
      throw new RegistryError("REDIRECT_FORBIDDEN", { ...facts, ...(next && { url: next.origin }) });
    }
    const path = next.pathname + next.search;
    return path === current.pathname + current.search ? undefined : path;
  }
  return undefined;
}
