/** Values of a request's context keys, by lower-case key. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

function escapeWildcards(text: string): string {
  return text.replace(/[\\*?]/g, "\\$&");
}

/**
 * Replaces `${key}` and `${key, 'default'}` in a policy element. Undefined when a variable has no single value and
 * no default: such an element matches nothing. Substituted text never acts as a wildcard. Without a context the text
 * stays as it is: policies older than version 2012-10-17 know no variables.
 */
export function substituteVariables(text: string, context: RequestContext | undefined): string | undefined {
  if (!context) return text;
  let isResolved = true;
  const result = text.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
    if (inner === "*" || inner === "?") return `\\${inner}`;
    if (inner === "$") return "$";
    const match = /^\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inner);
    const values = context.get((match?.[1] ?? "").toLowerCase());
    const value = values?.length === 1 ? values[0] : match?.[2];
    if (value === undefined) isResolved = false;
    return escapeWildcards(value ?? "");
  });
  return isResolved ? result : undefined;
}
