declare const BERTH_AGENT_VERSION: string | undefined;

/** Version of this agent, written in when it is bundled. */
export const AGENT_VERSION = typeof BERTH_AGENT_VERSION === "string" ? BERTH_AGENT_VERSION : "0.0.0-source";
