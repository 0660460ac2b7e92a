const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type EnvironmentInput = {
  /** The agent's own environment: the image's, with NODE_* and LD_* blanked and BERTH_AGENT_* added. */
  inherited: Readonly<Record<string, string | undefined>>;
  /** What was blanked. */
  restore: Readonly<Record<string, string>>;
  user: string;
  home: string;
  shell: string;
};

/** Composes what a workspace's processes see: the image's environment and the user's, nothing of the agent's. */
export function composeEnvironment(input: EnvironmentInput): Record<string, string> {
  const env: Record<string, string> = {};
  const ofSupervisor = new Set(input.inherited.BERTH_AGENT_OWN_ENV?.split(" "));
  for (const [name, value] of Object.entries(input.inherited)) {
    if (value === undefined || name.startsWith("BERTH_AGENT_") || ofSupervisor.has(name)) continue;
    if (value === "" && /^(NODE_|LD_)/.test(name)) continue;
    env[name] = value;
  }
  Object.assign(env, input.restore);
  if (!env.PATH) env.PATH = DEFAULT_PATH;
  if (!env.LANG && !env.LC_ALL && !env.LC_CTYPE) env.LANG = "C.UTF-8";
  env.USER = input.user;
  env.LOGNAME = input.user;
  env.HOME = input.home;
  env.SHELL = input.shell;
  env.BERTH_WORKSPACE = "true";
  return env;
}
