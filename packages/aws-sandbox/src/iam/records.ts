import { z } from "zod";
import { Table } from "../state/tables.ts";

const userSchema = z.object({ name: z.string(), path: z.string(), userId: z.string(), createdAt: z.number() });
const accessKeySchema = z.object({
  account: z.string(),
  userName: z.string(),
  secret: z.string(),
  status: z.enum(["Active", "Inactive"]),
  createdAt: z.number(),
});
const policySchema = z.object({
  name: z.string(),
  path: z.string(),
  policyId: z.string(),
  description: z.string().optional(),
  document: z.string(),
  createdAt: z.number(),
});

export type UserRecord = z.output<typeof userSchema>;
export type AccessKeyRecord = z.output<typeof accessKeySchema>;
export type PolicyRecord = z.output<typeof policySchema>;

/** Users by account and name; keys under one part by id; policies by account and ARN; the rest by user ARN. */
export function identityTables() {
  return {
    users: new Table("users", userSchema),
    accessKeys: new Table("accessKeys", accessKeySchema),
    policies: new Table("policies", policySchema),
    inlinePolicies: new Table("inlinePolicies", z.string()),
    attachments: new Table("attachments", z.object({ name: z.string() })),
  };
}

export type IdentityTables = ReturnType<typeof identityTables>;
export const allKeys = "all";
