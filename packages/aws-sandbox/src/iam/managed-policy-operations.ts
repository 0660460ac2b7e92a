import { pageOf } from "../query/parameters.ts";
import type { QueryContext, QueryOperation } from "../query/service.ts";
import { members } from "../query/xml.ts";
import { uriEncode } from "../sigv4/canonical-request.ts";
import { noSuchEntity } from "./identity-store.ts";
import type { PolicyStore, PolicyView } from "./policy-store.ts";
import type { IamDeps } from "./user-operations.ts";

function view(policy: PolicyView, attachmentCount: number) {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.versionId,
    AttachmentCount: attachmentCount,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: policy.createdAt,
    UpdateDate: policy.updatedAt,
  };
}

/** CreatePolicy, GetPolicy, GetPolicyVersion, ListPolicies, DeletePolicy. */
export function managedPolicyOperations(deps: IamDeps & { policies: PolicyStore }): Record<string, QueryOperation> {
  const { policies, authorizer } = deps;

  function authorize({ call, principal }: QueryContext, resource: string): void {
    const question = { action: `iam:${call.operation}`, resource, resourceAccount: principal.account };
    authorizer.authorize(call, principal, question);
  }

  return {
    CreatePolicy(context) {
      const { parameters, principal } = context;
      const name = parameters.name("PolicyName", 128);
      const path = parameters.path("Path");
      authorize(context, `arn:aws:iam::${principal.account}:policy${path}${name}`);
      const document = parameters.required("PolicyDocument");
      const description = parameters.optional("Description");
      const created = policies.create(principal.account, { name, path, document, description });
      return { Policy: view(created, 0) };
    },
    GetPolicy(context) {
      const arn = context.parameters.required("PolicyArn");
      authorize(context, arn);
      return { Policy: view(policies.require(arn), policies.attachmentCount(context.principal.account, arn)) };
    },
    GetPolicyVersion(context) {
      const arn = context.parameters.required("PolicyArn");
      const versionId = context.parameters.required("VersionId");
      authorize(context, arn);
      const policy = policies.require(arn);
      if (policy.versionId !== versionId) {
        throw noSuchEntity(`Policy ${arn} version ${versionId.slice(0, 20)} does not exist or is not attachable.`);
      }
      return {
        PolicyVersion: {
          Document: uriEncode(policy.document),
          VersionId: policy.versionId,
          IsDefaultVersion: true,
          CreateDate: policy.updatedAt,
        },
      };
    },
    ListPolicies(context) {
      const { parameters, principal } = context;
      authorize(context, `arn:aws:iam::${principal.account}:policy/`);
      const scope = parameters.oneOf("Scope", ["All", "AWS", "Local"], "All");
      const prefix = parameters.optional("PathPrefix") ?? "/";
      const onlyAttached = parameters.optional("OnlyAttached") === "true";
      const counted = policies
        .list(principal.account, scope)
        .filter((policy) => policy.path.startsWith(prefix))
        .map((policy) => ({ policy, count: policies.attachmentCount(principal.account, policy.arn) }))
        .filter(({ count }) => !onlyAttached || count > 0);
      const { page, ...rest } = pageOf(counted, parameters, ({ policy }) => policy.arn);
      const views = page.map(({ policy, count }) => ({ ...view(policy, count), Description: undefined }));
      return { ...rest, Policies: members(views) };
    },
    DeletePolicy(context) {
      const arn = context.parameters.required("PolicyArn");
      authorize(context, arn);
      policies.delete(context.principal.account, arn);
      return undefined;
    },
  };
}
