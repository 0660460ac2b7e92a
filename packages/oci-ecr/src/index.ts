export { type KeyWarning, keyWarnings, maskAccessKeyId, trimKeys } from "./access-key.ts";
export type * from "./aws-credentials.ts";
export type * from "./ecr-catalog.ts";
export { type EcrHost, matchEcrHost, parseEcrHost } from "./ecr-host.ts";
export * from "./ecr-registries.ts";
export type * from "./lease-store.ts";
export type * from "./registry-check.ts";
