import { AwsError } from "../aws-error.ts";
import type { AttachedPolicy } from "./evaluate.ts";
import { type IdentityStore, makeId, noSuchEntity } from "./identity-store.ts";
import { managedPolicies } from "./managed-policies.ts";
import { MalformedPolicy, type PolicyDocument, parsePolicyDocument } from "./policy-document.ts";
import type { PolicyRecord } from "./records.ts";

/** A managed policy, AWS's or the account's, in the form the API speaks of it. */
export type PolicyView = {
  name: string;
  arn: string;
  path: string;
  policyId: string;
  description: string | undefined;
  versionId: string;
  document: string;
  createdAt: string;
  updatedAt: string;
};

const arnPattern = /^arn:aws:iam::(aws|\d{12}):policy\/.+$/;

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** IAM does not count white space. */
function policySize(document: string): number {
  return document.replace(/\s/g, "").length;
}

/** Policies and what they are attached to. */
export class PolicyStore {
  readonly #identities: IdentityStore;
  readonly #parsed = new Map<string, PolicyDocument>();

  constructor(identities: IdentityStore) {
    this.#identities = identities;
  }

  /** Throws `MalformedPolicyDocument` with IAM's reason. */
  parse(document: string): PolicyDocument {
    const known = this.#parsed.get(document);
    if (known) return known;
    try {
      const parsed = parsePolicyDocument(document, "identity");
      this.#parsed.set(document, parsed);
      return parsed;
    } catch (error) {
      if (error instanceof MalformedPolicy) throw new AwsError("MalformedPolicyDocument", error.message);
      throw error;
    }
  }

  #view(arn: string, record: PolicyRecord): PolicyView {
    const created = iso(record.createdAt);
    const { name, path, policyId, description, document } = record;
    return {
      name,
      arn,
      path,
      policyId,
      description,
      document,
      versionId: "v1",
      createdAt: created,
      updatedAt: created,
    };
  }

  list(account: string, scope: "All" | "AWS" | "Local"): PolicyView[] {
    const own = [...this.#identities.tables.policies.entries(account)].map(([arn, record]) => this.#view(arn, record));
    const aws = managedPolicies.map((policy) => ({ ...policy, path: "/" }));
    return [...(scope === "AWS" ? [] : own), ...(scope === "Local" ? [] : aws)];
  }

  find(arn: string): PolicyView | undefined {
    const managed = managedPolicies.find((policy) => policy.arn === arn);
    if (managed) return { ...managed, path: "/" };
    const account = arnPattern.exec(arn)?.[1] ?? "";
    const record = this.#identities.tables.policies.get(account, arn);
    return record && this.#view(arn, record);
  }

  /** Throws `InvalidInput` for a malformed ARN and `NoSuchEntity` for an unknown one. */
  require(arn: string): PolicyView {
    if (!arnPattern.test(arn)) throw new AwsError("InvalidInput", `ARN ${arn.slice(0, 200)} is not valid.`);
    const policy = this.find(arn);
    if (!policy) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
    return policy;
  }

  create(account: string, input: { name: string; path: string; description?: string | undefined; document: string }) {
    this.parse(input.document);
    if (policySize(input.document) > 6144) {
      throw new AwsError("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409);
    }
    const { policies } = this.#identities.tables;
    const lower = input.name.toLowerCase();
    if ([...policies.entries(account).values()].some(({ name }) => name.toLowerCase() === lower)) {
      throw new AwsError(
        "EntityAlreadyExists",
        `A policy called ${input.name} already exists. Duplicate names are not allowed.`,
        409,
      );
    }
    const arn = `arn:aws:iam::${account}:policy${input.path}${input.name}`;
    const record: PolicyRecord = {
      name: input.name,
      path: input.path,
      document: input.document,
      policyId: makeId("ANPA", 21),
      createdAt: this.#identities.now(),
      ...(input.description === undefined ? {} : { description: input.description }),
    };
    this.#identities.commit(policies.put(account, arn, record));
    return this.#view(arn, record);
  }

  delete(account: string, arn: string): void {
    this.require(arn);
    const { policies } = this.#identities.tables;
    if (!policies.get(account, arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
    if (this.attachmentCount(account, arn) > 0) {
      throw new AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409);
    }
    this.#identities.commit(policies.remove(account, arn));
  }

  /** How many users of the account have the policy. */
  attachmentCount(account: string, arn: string): number {
    const { attachments } = this.#identities.tables;
    const users = `arn:aws:iam::${account}:user/`;
    return [...attachments.parts()].filter((part) => part.startsWith(users) && attachments.get(part, arn)).length;
  }

  attach(userArn: string, policyArn: string): void {
    const policy = this.require(policyArn);
    const { attachments } = this.#identities.tables;
    if (!attachments.get(userArn, policyArn) && attachments.entries(userArn).size >= 10) {
      throw new AwsError("LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10", 409);
    }
    this.#identities.commit(attachments.put(userArn, policyArn, { name: policy.name }));
  }

  detach(userArn: string, policyArn: string): void {
    const { attachments } = this.#identities.tables;
    if (!attachments.get(userArn, policyArn)) throw noSuchEntity(`Policy ${policyArn} was not found.`);
    this.#identities.commit(attachments.remove(userArn, policyArn));
  }

  attached(userArn: string): { arn: string; name: string }[] {
    return [...this.#identities.tables.attachments.entries(userArn)].map(([arn, { name }]) => ({ arn, name }));
  }

  putInline(userArn: string, name: string, document: string): void {
    this.parse(document);
    const others = [...this.inline(userArn)].filter(([other]) => other !== name).map(([, text]) => text);
    if ([...others, document].reduce((sum, text) => sum + policySize(text), 0) > 2048) {
      const user = userArn.split("/").at(-1);
      throw new AwsError("LimitExceeded", `Maximum policy size of 2048 bytes exceeded for user ${user}`, 409);
    }
    this.#identities.commit(this.#identities.tables.inlinePolicies.put(userArn, name, document));
  }

  inline(userArn: string): ReadonlyMap<string, string> {
    return this.#identities.tables.inlinePolicies.entries(userArn);
  }

  /** Throws `NoSuchEntity`. */
  requireInline(userArn: string, name: string): string {
    const document = this.inline(userArn).get(name);
    if (document === undefined) throw noSuchEntity(`The user policy with name ${name} cannot be found.`);
    return document;
  }

  deleteInline(userArn: string, name: string): void {
    this.requireInline(userArn, name);
    this.#identities.commit(this.#identities.tables.inlinePolicies.remove(userArn, name));
  }

  /** Every policy with a say over what a user may do. */
  identityPolicies(userArn: string): AttachedPolicy[] {
    const inline = [...this.inline(userArn)].map(([name, document]) => ({ name, document: this.parse(document) }));
    const managed = this.attached(userArn).flatMap(({ arn }) => {
      const policy = this.find(arn);
      return policy ? [{ name: arn, document: this.parse(policy.document) }] : [];
    });
    return [...inline, ...managed];
  }
}
