/** Variables of the image that would change how the agent itself runs; its children get them back. */
const takenFromAgent = /^(NODE_|LD_)/;

export type EnvironmentInput = {
  imageEnv: readonly string[];
  home: string;
  specEnv: Readonly<Record<string, string>>;
  agent: { url: string; token: string };
};

/**
 * Writes what has to be set over the image's own environment: `NODE_*` and `LD_*` blanked and kept in
 * BERTH_AGENT_RESTORE_ENV (JSON), HOME, a UTF-8 locale where the image names none, the spec's variables, the agent's.
 */
export function containerEnvironment({ imageEnv, home, specEnv, agent }: EnvironmentInput): string[] {
  const image = parseEnv(imageEnv);
  const wanted = new Map([...image, ...Object.entries(specEnv)]);
  const taken = Object.fromEntries([...wanted].filter(([name]) => takenFromAgent.test(name)));
  const hasLocale = ["LANG", "LC_ALL", "LC_CTYPE"].some((name) => image.has(name));
  const env: Record<string, string> = {
    ...(hasLocale ? {} : { LANG: "C.UTF-8" }),
    ...specEnv,
    ...Object.fromEntries(Object.keys(taken).map((name) => [name, ""])),
    HOME: home,
    BERTH_AGENT_URL: agent.url,
    BERTH_AGENT_TOKEN: agent.token,
    BERTH_AGENT_RESTORE_ENV: JSON.stringify(taken),
  };
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** Reads `NAME=value` entries. */
export function parseEnv(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.map((entry): [string, string] => {
      const at = entry.indexOf("=");
      return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
