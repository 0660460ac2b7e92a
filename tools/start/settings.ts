import path from "node:path";

export type StartSettings = { dataDirectory: string; listen: { host: string; port: number } };

/** What `npm start` itself reads of the environment; the server reads the rest. Throws one sentence. */
export function readSettings(env: NodeJS.ProcessEnv, home: string): StartSettings {
  const port = Number(env.BERTH_PORT?.trim() || 7080);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`BERTH_PORT=${env.BERTH_PORT} is no port: set it to a number from 1 to 65535.`);
  return {
    dataDirectory: path.resolve(env.BERTH_DATA_DIR?.trim() || path.join(home, ".local/share/berth")),
    listen: { host: env.BERTH_LISTEN?.trim() || "127.0.0.1", port },
  };
}
