import * as z from "zod";

/** WebSocket subprotocol an agent asks for; the number changes only with an incompatible wire format. */
export const AGENT_PROTOCOL = "berth-agent.v1";
/** Path an agent dials on the server. */
export const AGENT_CONNECT_PATH = "/agent/v1/connect";
/** Request header of the upgrade that carries the agent's version. */
export const AGENT_VERSION_HEADER = "berth-agent-version";

/** Paths of the HTTP/2 resources an agent serves inside its connection. */
export const agentPaths = { info: "/v1/info", exec: "/v1/exec" } as const;

/** Close codes of the WebSocket (4000–4999 are an application's own, RFC 6455 §7.4.2). */
export const agentCloseCodes = {
  /** The server is going away; dial again at once. */
  goingAway: 1001,
  /** Nothing was heard from the peer for too long. */
  silent: 4000,
  /** The token is no longer this workspace's; dial again, slowly. */
  rejected: 4001,
  /** A newer connection of the same agent took over; dial again, slowly. */
  replaced: 4002,
} as const;

/** What an agent tells about itself and the user it runs as. */
export const AgentInfo = z.object({
  version: z.string(),
  protocol: z.string(),
  pid: z.int(),
  uid: z.int(),
  gid: z.int(),
  /** Name in the image's passwd file, else the number as text. */
  user: z.string(),
  home: z.string(),
  /** Program of a login shell. */
  shell: z.string(),
  /** Where commands start unless they say otherwise. */
  cwd: z.string(),
  /** RFC 3339. */
  startedAt: z.string(),
});
export type AgentInfo = z.output<typeof AgentInfo>;
