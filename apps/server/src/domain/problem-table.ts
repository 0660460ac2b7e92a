/**
 * Every code that Berth itself answers with: HTTP status, title, and the fix when the place that throws has no better
 * one. Codes of registries and of workspace providers have tables of their own, beside what raises them.
 */
export type ProblemRow = { status: number; title: string; retryable: boolean; fix: string };

const row = (status: number, title: string, fix: string, retryable = false): ProblemRow => ({
  status,
  title,
  retryable,
  fix,
});

export const problemTable = {
  REQUEST_INVALID: row(400, "The request is not valid", "Correct the fields named in `errors`."),
  BODY_TOO_LARGE: row(413, "The request body is too large", "Send less than 1 MiB."),
  BODY_NOT_JSON: row(400, "The body is not JSON", "Send a JSON object with `Content-Type: application/json`."),
  MEDIA_TYPE_UNSUPPORTED: row(415, "The media type is not supported", "Send `Content-Type: application/json`."),
  ROUTE_NOT_FOUND: row(404, "There is nothing at this address", "Look the path up in /api/v1/openapi.json."),
  METHOD_NOT_ALLOWED: row(405, "This method is not allowed here", "Look the route up in /api/v1/openapi.json."),
  SIGN_IN_REQUIRED: row(401, "Sign-in is required", "Sign in, or send an API token as a bearer token."),
  TOKEN_INVALID: row(401, "The token is not valid", "Make a new one with `berth login` or `berth tokens create`."),
  SESSION_EXPIRED: row(401, "The session has ended", "Sign in again."),
  CSRF_REFUSED: row(403, "The request came from another site", "Use Berth from its own address."),
  FORBIDDEN: row(403, "You may not do this", "Ask an administrator or a manager of the organization for the role."),
  SCOPE_MISSING: row(403, "The token does not allow this", "Use a token with the scope named in the answer."),
  SCOPE_TOO_WIDE: row(403, "A token cannot make a wider one", "Ask for no more scopes than this token has."),
  NOT_FOUND: row(404, "There is no such thing, or you may not see it", "Check the name, and who you are signed in as."),
  NAME_TAKEN: row(409, "The name is taken", "Choose another name."),
  EMAIL_TAKEN: row(409, "There is a user with this address", "Use the existing user, or another address."),
  CHANGED_MEANWHILE: row(409, "It changed in the meantime", "Look at it again, then repeat the change.", true),
  SETUP_REQUIRED: row(409, "Berth has no administrator yet", "Open the set-up URL that the server printed."),
  SETUP_DONE: row(409, "Set-up is done", "Sign in."),
  SETUP_TOKEN_WRONG: row(403, "The set-up token is wrong", "Use the URL that the server printed at its last start."),
  CREDENTIALS_WRONG: row(
    401,
    "The address or the password is wrong",
    "Try again, or ask an administrator for a new one.",
  ),
  USER_SUSPENDED: row(403, "This user is suspended", "Ask an administrator."),
  TOO_MANY_ATTEMPTS: row(429, "Too many attempts", "Wait as long as `Retry-After` says.", true),
  TOO_MANY_REQUESTS: row(429, "Too many requests", "Wait as long as `Retry-After` says.", true),
  LAST_ADMIN: row(409, "The last administrator stays", "Make another user administrator first."),
  MEMBER_HAS_WORKSPACES: row(409, "The member still has workspaces here", "Delete those workspaces first."),

  REGISTRY_HOST_INVALID: row(400, "This is not the host of such a registry", "Paste the registry's host name."),
  REGISTRY_KEYS_INCOMPLETE: row(400, "One key is missing", "Give both the access key ID and the secret access key."),
  REGISTRY_KIND_UNSUPPORTED: row(400, "This kind of registry is not supported yet", "Use the kind `ecr`."),
  ECR_ROLE_SWITCH_OFF: row(
    409,
    "Blank keys need the server's IAM role, which is switched off",
    "Give an access key, or have an administrator turn on ECR IAM Role Authentication under Manage → Admin → Infrastructure.",
  ),
  REGISTRY_IN_USE: row(409, "Images refer to this registry", "Delete the images named in the answer first."),
  IMAGE_TAG_IMPORTED: row(409, "This tag is imported already", "Use the image that has it."),
  IMAGE_TAG_NOT_FOUND: row(404, "The image does not offer this tag", "Choose one of its tags, or add it to the image."),
  IMAGE_TAG_IN_USE: row(409, "Workspaces use this tag", "Move or delete the workspaces named in the answer first."),
  IMAGE_TAG_IS_DEFAULT: row(409, "This is the image's default tag", "Make another tag the default first."),
  IMAGE_TAG_DECOMMISSIONED: row(409, "This tag is decommissioned", "Choose another tag of the image."),
  IMAGE_DEPRECATED: row(409, "This image is deprecated", "Choose another image."),
  IMAGE_IN_USE: row(409, "Workspaces use this image", "Delete the workspaces named in the answer first."),
  IMAGE_NOT_RUNNABLE: row(422, "This is not an image that can run", "Choose a tag of a container image."),

  IMAGE_PLATFORM_MISMATCH: row(
    422,
    "The image is for another platform",
    "Choose a tag that was built for the engine's platform, or build one for several.",
  ),
  RESOURCES_TOO_LARGE: row(422, "The engine has not that much", "Ask for no more than the engine has."),
  WORKSPACE_DELETING: row(409, "The workspace is being deleted", "Create a new one."),
  WORKSPACE_NOT_RUNNING: row(409, "The workspace is not running", "Start it first: `berth ws start NAME --wait`."),
  BUILD_NOT_RUNNING: row(409, "No build is under way", "There is nothing to cancel."),
  BUILD_CANCELED: row(409, "The build was canceled", "Start the workspace again when you like."),
  DISK_CANNOT_SHRINK: row(409, "A disk cannot shrink", "Choose the same size or a larger one."),
  AGENT_UNREACHABLE: row(
    503,
    "The workspace's agent does not answer",
    "Try again; restart the workspace if it stays so.",
    true,
  ),
  AGENT_NOT_CONNECTED: row(
    504,
    "The agent did not connect in time",
    "Read the build log; restart the workspace.",
    true,
  ),
  WORKSPACE_EXITED: row(
    500,
    "The workspace ended by itself",
    "Read its last lines in the build log, then start it again.",
    true,
  ),
  OUT_OF_MEMORY: row(500, "The workspace ran out of memory", "Give it more memory, then rebuild it."),

  DATABASE_UNAVAILABLE: row(503, "The database does not answer", "Try again in a moment.", true),
  DISK_FULL: row(507, "The server's disk is full", "Free some space, then try again.", true),
  INTERNAL: row(500, "Something went wrong in Berth", "Try again; if it stays so, report the request id.", true),
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof problemTable;
