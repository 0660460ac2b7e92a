/** What the workspace provider tells an agent through its environment. */
export type AgentConfig = {
  url: string;
  token: string;
  /** The image's own NODE_* and LD_* variables, blanked for the agent's sake. */
  restoreEnv: Record<string, string>;
};

/** The agent was started with settings it cannot use. */
export class ConfigError extends Error {
  readonly code = "AGENT_CONFIG_INVALID";
}

/** Reads the `BERTH_AGENT_*` variables. Throws `ConfigError`. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): AgentConfig {
  const url = env.BERTH_AGENT_URL ?? "";
  const token = env.BERTH_AGENT_TOKEN ?? "";
  if (!/^(ws|wss|ws\+unix):/.test(url)) throw new ConfigError("BERTH_AGENT_URL must be a ws, wss or ws+unix URL.");
  if (token === "") throw new ConfigError("BERTH_AGENT_TOKEN is missing.");
  return { url, token, restoreEnv: parseRestoreEnv(env.BERTH_AGENT_RESTORE_ENV) };
}

function parseRestoreEnv(text: string | undefined): Record<string, string> {
  if (text === undefined || text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError("BERTH_AGENT_RESTORE_ENV is not JSON.", { cause });
  }
  if (!isStringRecord(value)) throw new ConfigError("BERTH_AGENT_RESTORE_ENV must be a JSON object of strings.");
  return value;
}

function isStringRecord(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((item) => typeof item === "string");
}
