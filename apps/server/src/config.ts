import path from "node:path";
import { z } from "zod";
import { StartupError } from "./domain/startup-error.ts";
import { SecretValue } from "./secrets/secret-value.ts";

/** What the environment says. Every setting also has a `…_FILE` form, whose value is read from that file. */
export type Config = {
  /** BERTH_URL: where people reach Berth. */
  accessUrl: URL;
  /** BERTH_LISTEN and BERTH_PORT. */
  listen: { host: string; port: number };
  /** BERTH_DATA_DIR: holds the embedded database, the secret key and the agents' sockets. */
  dataDirectory: string;
  /** BERTH_DATABASE_URL: a PostgreSQL of one's own; the embedded one unless given. */
  databaseUrl: SecretValue | undefined;
  /** BERTH_SECRET_KEY: newest first; a file in the data folder unless given. */
  secretKey: SecretValue | undefined;
  /** BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD: makes the first administrator without set-up. */
  admin: { email: string; password: SecretValue } | undefined;
  /** BERTH_AGENT_URL: where agents on other machines dial. */
  agentUrl: URL | undefined;
  /** BERTH_AGENT_RUNTIME: the folder that the agent for workspaces was built into. */
  agentRuntimeDirectory: string;
  /** DOCKER_HOST, and XDG_RUNTIME_DIR where rootless engines listen. */
  engine: { dockerHost: string | undefined; runtimeDirectory: string | undefined };
  /** BERTH_AWS_ENDPOINTS: AWS accounts that a sandbox stands in for; every other account is AWS's own. */
  awsEndpoints: ReadonlyMap<string, AwsEndpoint>;
};

/** Where a sandbox serves one account: its API's URL, and `host:port` of its registry. */
export type AwsEndpoint = { api: URL; registry: string };

export type ConfigSources = {
  env: Readonly<Record<string, string | undefined>>;
  homeDirectory: string;
  /** Where this program's own builds are, unless the environment says otherwise. */
  buildDirectory: string;
  /** Reads a `…_FILE`; throws when it cannot. */
  readFile(path: string): string;
};

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
const port = z.coerce.number("must be a port number").int().min(0).max(65_535, "must be a port number");

const AwsEndpoints = z.record(
  z.string().regex(/^\d{12}$/, "account ids have 12 digits"),
  z.strictObject({
    api: httpUrl.transform((url) => new URL(url)),
    registry: z.string().regex(/^[^\s/:]+:\d{1,5}$/, "must be host:port"),
  }),
);

/** Collects what is wrong, so that all of it is told at once. */
class Reader {
  readonly problems: string[] = [];
  readonly #sources: ConfigSources;

  constructor(sources: ConfigSources) {
    this.#sources = sources;
  }

  /** A setting's text; blank counts as absent. */
  text(name: string): string | undefined {
    const value = this.#sources.env[name]?.trim() || undefined;
    const file = this.#sources.env[`${name}_FILE`]?.trim() || undefined;
    if (file === undefined) return value;
    if (value !== undefined) {
      this.problems.push(`${name} and ${name}_FILE are both set: keep one of them.`);
      return undefined;
    }
    try {
      return this.#sources.readFile(file).trim() || undefined;
    } catch {
      this.problems.push(`${name}_FILE names ${file}, which cannot be read.`);
      return undefined;
    }
  }

  parsed<Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    this.problems.push(`${name} ${result.error.issues[0]?.message ?? "is not valid"}.`);
    return undefined;
  }

  json<Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    try {
      const result = schema.safeParse(JSON.parse(text));
      if (result.success) return result.data;
      const [issue] = result.error.issues;
      this.problems.push(`${name} is wrong at ${issue?.path.join(".") || "its top"}: ${issue?.message}.`);
    } catch {
      this.problems.push(`${name} is not JSON.`);
    }
    return undefined;
  }

  secret(name: string): SecretValue | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : new SecretValue(text);
  }
}

function readAdmin(reader: Reader): Config["admin"] {
  const email = reader.parsed("BERTH_ADMIN_EMAIL", z.email("must be an e-mail address"));
  const password = reader.secret("BERTH_ADMIN_PASSWORD");
  if ((email === undefined) !== (password === undefined) && reader.problems.length === 0)
    reader.problems.push("BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD go together: set both or neither.");
  if (password !== undefined && password.reveal().length < 10)
    reader.problems.push("BERTH_ADMIN_PASSWORD must have at least 10 characters.");
  return email !== undefined && password !== undefined ? { email, password } : undefined;
}

/** Reads all settings. Throws StartupError with everything that is wrong. */
export function parseConfig(sources: ConfigSources): Config {
  const reader = new Reader(sources);
  const listen = {
    host: reader.text("BERTH_LISTEN") ?? "127.0.0.1",
    port: reader.parsed("BERTH_PORT", port) ?? 7080,
  };
  const accessUrl = reader.parsed("BERTH_URL", httpUrl);
  const agentUrl = reader.parsed("BERTH_AGENT_URL", z.url({ protocol: /^(https?|wss?)$/, error: "must be a URL" }));
  const databaseUrl = reader.secret("BERTH_DATABASE_URL");
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl.reveal()))
    reader.problems.push("BERTH_DATABASE_URL must begin with postgres://.");
  const config: Config = {
    listen,
    accessUrl: new URL(accessUrl ?? `http://localhost:${listen.port}`),
    dataDirectory: path.resolve(
      reader.text("BERTH_DATA_DIR") ?? path.join(sources.homeDirectory, ".local/share/berth"),
    ),
    databaseUrl,
    secretKey: reader.secret("BERTH_SECRET_KEY"),
    admin: readAdmin(reader),
    agentRuntimeDirectory: path.resolve(
      reader.text("BERTH_AGENT_RUNTIME") ?? path.join(sources.buildDirectory, "agent"),
    ),
    engine: {
      dockerHost: reader.text("DOCKER_HOST"),
      runtimeDirectory: reader.text("XDG_RUNTIME_DIR"),
    },
    agentUrl: agentUrl === undefined ? undefined : new URL(agentUrl),
    awsEndpoints: new Map(Object.entries(reader.json("BERTH_AWS_ENDPOINTS", AwsEndpoints) ?? {})),
  };
  if (reader.problems.length > 0) throw new StartupError(`The settings are wrong. ${reader.problems.join(" ")}`);
  return config;
}
