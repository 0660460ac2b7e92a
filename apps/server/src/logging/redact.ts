/** What stands in a log in a secret's place. */
const redacted = "[redacted]";

/** Secrets recognized by their form, wherever they are: in messages, stacks, URLs and fields alike. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(AKIA|ASIA)[A-Z0-9]{12}([A-Z0-9]{4})\b/g, "$1…$2"],
  // ECR's token is base64 of "AWS:" and a payload; alone, or in basic authentication.
  [/QVdT(?:Om)?[A-Za-z0-9+/_=-]{8,}/g, redacted],
  [/\b(Basic|Bearer)\s+[A-Za-z0-9+/_.~=-]{8,}/gi, `$1 ${redacted}`],
  [/(X-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D))[^&\s"'\\]+/gi, `$1${redacted}`],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,2}[A-Za-z0-9+/=]*/g, redacted],
  [/\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=_-]{16,}/g, redacted],
  [/\bberth_[A-Za-z0-9_-]{20,}/g, redacted],
  [/(berth_session=)[^;\s"\\]+/g, `$1${redacted}`],
  [/(\w+:\/\/[^\s:/@"]*:)[^\s@/"]+@/g, `$1${redacted}@`],
];

/** Fields whose value is a secret whatever it looks like; compared in lower case without separators. */
const secretNames = new Set(
  [
    "authorization",
    "proxyAuthorization",
    "cookie",
    "setCookie",
    "xAmzSecurityToken",
    "xRegistryAuth",
    "xRegistryConfig",
    "password",
    "currentPassword",
    "newPassword",
    "temporaryPassword",
    "passwordHash",
    "secret",
    "secretKey",
    "secretAccessKey",
    "sessionToken",
    "securityToken",
    "token",
    "accessToken",
    "refreshToken",
    "identityToken",
    "authorizationToken",
    "dataKey",
    "privateKey",
  ].map(plainName),
);

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Text without the secrets that can be recognized in it. */
export function redactText(text: string): string {
  return patterns.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

const maxDepth = 8;

/** A value for a log: secret fields emptied at every depth, errors as type, message, stack and cause only. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "[deep]";
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return value;
  if (Buffer.isBuffer(value)) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if ("toJSON" in value && typeof value.toJSON === "function") return redactValue(value.toJSON(), depth + 1);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretNames.has(plainName(name)) && inner !== null && inner !== undefined
        ? redacted
        : redactValue(inner, depth + 1),
    ]),
  );
}

/** Errors of clients drag whole requests along, credentials included; only this much is kept. */
function errorFields(error: Error, depth: number): object {
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return {
    type: error.name,
    ...code,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ""),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  };
}
