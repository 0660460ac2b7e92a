import type { Decision } from "./iam/evaluate.ts";
import type { Principal } from "./iam/principal.ts";

/** One authorization question and its answer, with the statements that matched. */
export type LoggedDecision = {
  action: string;
  resource: string;
  outcome: "allowed" | "denied";
  reason: string;
  trace: Decision["trace"];
};

/** One request on its way through the sandbox; what the log keeps of it. Never holds a credential. */
export type Call = {
  id: string;
  /** Milliseconds since the epoch, on the virtual clock. */
  at: number;
  service: string;
  operation: string;
  scheme: "http" | "https";
  host: string;
  method: string;
  path: string;
  account: string;
  region: string;
  sourceIp: string;
  userAgent: string;
  principal: Principal | undefined;
  decisions: LoggedDecision[];
};
