/**
 * Matches `*` (any run) and `?` (one character). Linear in the text for each star, without regular expressions,
 * because patterns come from whoever writes policies. `\*`, `\?` stand for themselves.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const tokens = [...tokenize(pattern)];
  let t = 0;
  let p = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    const token = tokens[p];
    if (token !== undefined && token.kind === "any") {
      star = p++;
      mark = t;
    } else if (token !== undefined && (token.kind === "one" || token.char === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (tokens[p]?.kind === "any") p++;
  return p === tokens.length;
}

type Token = { kind: "any" } | { kind: "one" } | { kind: "char"; char: string };

function* tokenize(pattern: string): Generator<Token> {
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? "";
    const next = pattern[i + 1];
    if (char === "\\" && (next === "*" || next === "?" || next === "\\")) {
      yield { kind: "char", char: next };
      i++;
    } else if (char === "*") yield { kind: "any" };
    else if (char === "?") yield { kind: "one" };
    else yield { kind: "char", char };
  }
}

const arnSections = 6;

function splitArn(arn: string): string[] {
  const parts = arn.split(":");
  return parts.length <= arnSections ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/**
 * ARNs match section by section, so that a star in one does not swallow the next colon. What a condition names must
 * have all six sections.
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === "*") return true;
  const patternParts = splitArn(pattern);
  const arnParts = splitArn(arn);
  if (patternParts.length < arnSections || arnParts.length < arnSections) return false;
  return patternParts.every((part, i) => matchesWildcard(part, arnParts[i] ?? ""));
}

/** A statement's resource may leave sections out at the end: they stand for anything (IAM user guide, Resource). */
export function matchesResource(pattern: string, resource: string): boolean {
  if (!resource.startsWith("arn:")) return matchesWildcard(pattern, resource);
  const missing = arnSections - splitArn(pattern).length;
  return matchesArn(pattern === "*" || missing <= 0 ? pattern : pattern + ":*".repeat(missing), resource);
}
