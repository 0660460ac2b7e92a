import type { Resolve } from "@berth/oci";
import type { AwsCredentials } from "./aws-credentials.ts";
import type { UpstreamCall } from "./aws-http-handler.ts";
import type { EcrCatalog } from "./ecr-catalog.ts";
import type { EndpointOverride } from "./ecr-endpoint.ts";
import type { LeaseStore } from "./lease-store.ts";
import type { CheckReport, CheckStep } from "./registry-check.ts";

export type EcrRegistriesOptions = {
  /** By AWS account id, e.g. that of a sandbox. */
  endpointOverrides?: ReadonlyMap<string, EndpointOverride>;
  clock?: { now(): number };
  /** Shares tokens between replicas; without it each process fetches its own. */
  lease?: LeaseStore;
  /** Resolves host names; the system's resolver unless given. */
  resolve?: Resolve;
  onUpstreamCall?: (call: UpstreamCall) => void;
};

/** What a pull is made with, just in time and for one use: it is not to be stored. */
export type RegistryAuthorization = {
  username: string;
  password: string;
  expiresAt: Date;
  /** `host[:port]` the engine must pull from: the registry's own name, or its override's. */
  pullHost: string;
  /** `http` only where an override says so. */
  pullScheme: "https" | "http";
};

export type AuthorizationRequest = {
  /** The registry's name, e.g. `123456789012.dkr.ecr.us-east-1.amazonaws.com`. */
  registry: string;
  credentials: AwsCredentials;
  /** How long the token must still be good for. */
  minRemainingMs: number;
  signal?: AbortSignal;
};

export type CheckRequest = {
  registry: string;
  credentials: AwsCredentials;
  /** A repository (optionally with a tag) to try when the key may not list. */
  sampleRepository?: string;
  /** Called as each step ends. */
  onStep?: (step: CheckStep) => void;
  signal?: AbortSignal;
};

/** The private ECR registries of this installation. All methods throw `RegistryError`, or the signal's reason when aborted. */
export interface EcrRegistries {
  catalog(registry: string, credentials: AwsCredentials): EcrCatalog;
  /** Tries, without changing anything, what importing and pulling will need. Never throws for what it finds. */
  check(request: CheckRequest): Promise<CheckReport>;
  authorization(request: AuthorizationRequest): Promise<RegistryAuthorization>;
  /** Drops the token of these credentials, here and in the lease store; call it with the old ones when they are edited or deleted. */
  forget(registry: string, credentials: AwsCredentials): Promise<void>;
  close(): Promise<void>;
}
