import { AwsError } from "../aws-error.ts";
import type { Call } from "../call.ts";
import type { Clock } from "../clock.ts";
import { type AttachedPolicy, type AuthorizationRequest, denialMessage, evaluate } from "./evaluate.ts";
import type { PolicyStore } from "./policy-store.ts";
import type { Principal } from "./principal.ts";

export type Question = {
  action: string;
  resource: string;
  resourceAccount: string;
  /** The repository's own policy, where the action asks it. */
  resourcePolicy?: AttachedPolicy | undefined;
  /** Tags of the repository, for conditions on `ecr:ResourceTag/…` and `aws:ResourceTag/…`. */
  resourceTags?: Readonly<Record<string, string>> | undefined;
};

function contextOf(call: Call, principal: Principal, question: Question, now: number): Map<string, readonly string[]> {
  const entries: [string, string][] = [
    ["aws:principalarn", principal.arn],
    ["aws:principalaccount", principal.account],
    ["aws:principaltype", "User"],
    ["aws:userid", principal.userId],
    ["aws:username", principal.userName],
    ["aws:requestedregion", call.region],
    ["aws:sourceip", call.sourceIp],
    ["aws:useragent", call.userAgent],
    // The listener stands in for endpoints that AWS serves over TLS alone.
    ["aws:securetransport", "true"],
    ["aws:currenttime", `${new Date(now).toISOString().slice(0, 19)}Z`],
    ["aws:epochtime", String(Math.floor(now / 1000))],
  ];
  if (principal.session) {
    entries.push(["aws:tokenissuetime", new Date(principal.session.issuedAt).toISOString()]);
    entries.push(["aws:multifactorauthpresent", "false"]);
  }
  for (const [key, value] of Object.entries(question.resourceTags ?? {})) {
    entries.push([`ecr:resourcetag/${key.toLowerCase()}`, value], [`aws:resourcetag/${key.toLowerCase()}`, value]);
  }
  return new Map(entries.map(([key, value]) => [key, [value]]));
}

/** Asks IAM, and writes the answer with its reasons into the call. */
export class Authorizer {
  readonly #policies: PolicyStore;
  readonly #clock: Clock;

  constructor(policies: PolicyStore, clock: Clock) {
    this.#policies = policies;
    this.#clock = clock;
  }

  /** Throws `AccessDenied` (403) with AWS's sentence. */
  authorize(call: Call, principal: Principal, question: Question): void {
    const request: AuthorizationRequest = {
      principal: { arn: principal.arn, account: principal.account },
      action: question.action,
      resource: question.resource,
      resourceAccount: question.resourceAccount,
      context: contextOf(call, principal, question, this.#clock.now()),
    };
    const identity = this.#policies.identityPolicies(principal.arn);
    const decision = evaluate(request, { identity, resource: question.resourcePolicy });
    const { action, resource } = question;
    if (decision.allowed) {
      call.decisions.push({ action, resource, outcome: "allowed", reason: "allowed", trace: decision.trace });
      return;
    }
    const reason = denialMessage(request, decision);
    call.decisions.push({ action, resource, outcome: "denied", reason, trace: decision.trace });
    throw new AwsError("AccessDenied", reason, 403);
  }
}
