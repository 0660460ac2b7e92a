/** Which policy decided. */
export type DenialLayer = "identity" | "resource" | "boundary" | "session" | "vpc-endpoint" | "organization";

/** What AWS's "access denied" sentence tells. */
export type Denial = {
  callerArn?: string;
  callerAccountId?: string;
  action?: string;
  resource?: string;
  layer?: DenialLayer;
  /** A statement says Deny; otherwise none says Allow. */
  isExplicit: boolean;
};

const layers: [RegExp, DenialLayer][] = [
  [/(?:service|resource) control polic/i, "organization"],
  [/permissions boundar/i, "boundary"],
  [/session polic/i, "session"],
  [/VPC endpoint polic/i, "vpc-endpoint"],
  [/resource-based polic/i, "resource"],
  [/identity-based polic/i, "identity"],
];

const maxLength = 4096;
const arn = "arn:[a-z-]{3,20}:[a-z0-9-]{0,40}:[a-z0-9-]{0,40}:\\d{0,12}:[\\w+=,.@:/*-]{1,600}";
const callerPattern = new RegExp(`User: (${arn})`, "i");
const actionPattern = /perform: ([a-z0-9-]{2,40}:[A-Za-z]{2,80})/i;
const resourcePattern = new RegExp(`on resource: (${arn}|\\*)`, "i");

/**
 * Reads "User: ARN is not authorized to perform: ACTION on resource: ARN because no identity-based policy allows …"
 * and its variants. Only what has the form of an ARN or an action is taken, so nothing else of the text can get out.
 */
export function parseDenial(message: string): Denial {
  const text = message.slice(0, maxLength);
  const callerArn = callerPattern.exec(text)?.[1];
  const callerAccountId = callerArn?.split(":")[4];
  const action = actionPattern.exec(text)?.[1];
  const resource = resourcePattern.exec(text)?.[1];
  const because = /(?:because|with an explicit deny)[\s\S]*/i.exec(text)?.[0] ?? "";
  const layer = layers.find(([pattern]) => pattern.test(because))?.[1];
  return {
    isExplicit: /explicit deny/i.test(because),
    ...(callerArn !== undefined && { callerArn }),
    ...(callerAccountId && { callerAccountId }),
    ...(action !== undefined && { action }),
    ...(resource !== undefined && { resource }),
    ...(layer !== undefined && { layer }),
  };
}
