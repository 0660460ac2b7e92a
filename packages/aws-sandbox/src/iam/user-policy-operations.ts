import { pageOf } from "../query/parameters.ts";
import type { QueryContext, QueryOperation } from "../query/service.ts";
import { members } from "../query/xml.ts";
import { uriEncode } from "../sigv4/canonical-request.ts";
import type { PolicyStore } from "./policy-store.ts";
import { authorizeOnUser, type IamDeps } from "./user-operations.ts";

/** Inline policies of users, and managed policies attached to them. */
export function userPolicyOperations(deps: IamDeps & { policies: PolicyStore }): Record<string, QueryOperation> {
  const { identities, policies } = deps;

  /** Authorizes the call on the user it names; returns the user's ARN. */
  function target(context: QueryContext): { arn: string; name: string } {
    const name = context.parameters.name("UserName", 128);
    authorizeOnUser(deps, context, name);
    const { account } = context.principal;
    return { arn: identities.userArn(account, identities.requireUser(account, name)), name };
  }

  return {
    PutUserPolicy(context) {
      const policyName = context.parameters.name("PolicyName", 128);
      const document = context.parameters.required("PolicyDocument");
      policies.putInline(target(context).arn, policyName, document);
      return undefined;
    },
    GetUserPolicy(context) {
      const policyName = context.parameters.name("PolicyName", 128);
      const { arn, name } = target(context);
      const document = uriEncode(policies.requireInline(arn, policyName));
      return { UserName: name, PolicyName: policyName, PolicyDocument: document };
    },
    ListUserPolicies(context) {
      const names = [...policies.inline(target(context).arn).keys()];
      const { page, ...rest } = pageOf(names, context.parameters, (name) => name);
      return { ...rest, PolicyNames: members(page) };
    },
    DeleteUserPolicy(context) {
      const policyName = context.parameters.name("PolicyName", 128);
      policies.deleteInline(target(context).arn, policyName);
      return undefined;
    },
    AttachUserPolicy(context) {
      const policyArn = context.parameters.required("PolicyArn");
      policies.attach(target(context).arn, policyArn);
      return undefined;
    },
    DetachUserPolicy(context) {
      const policyArn = context.parameters.required("PolicyArn");
      policies.detach(target(context).arn, policyArn);
      return undefined;
    },
    ListAttachedUserPolicies(context) {
      const attached = policies.attached(target(context).arn);
      const { page, ...rest } = pageOf(attached, context.parameters, ({ name }) => name);
      const views = page.map(({ arn, name }) => ({ PolicyName: name, PolicyArn: arn }));
      return { ...rest, AttachedPolicies: members(views) };
    },
  };
}
