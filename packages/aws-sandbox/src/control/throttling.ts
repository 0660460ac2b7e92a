import { AwsError } from "../aws-error.ts";
import type { Call } from "../call.ts";
import type { Clock } from "../clock.ts";

/**
 * Default quotas in requests a second, per account, region and action (ECR user guide, service quotas). AWS does not
 * publish the describing calls; what users report is far lower than the rest.
 */
export const defaultQuotas: Readonly<Record<string, number>> = {
  GetAuthorizationToken: 500,
  BatchGetImage: 2000,
  GetDownloadUrlForLayer: 3000,
  BatchCheckLayerAvailability: 1000,
  InitiateLayerUpload: 100,
  UploadLayerPart: 500,
  CompleteLayerUpload: 100,
  PutImage: 10,
  DescribeRepositories: 20,
  ListImages: 20,
  DescribeImages: 20,
};

type Bucket = { tokens: number; filledAt: number };

/** Token buckets that hold one second's worth of calls each. */
export class Throttling {
  #isEnabled: boolean;
  #quotas: Record<string, number> = { ...defaultQuotas };
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Clock;

  constructor(clock: Clock, isEnabled: boolean) {
    this.#clock = clock;
    this.#isEnabled = isEnabled;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  /** Turns throttling on or off, with other quotas if given; buckets start full. */
  configure(isEnabled: boolean, quotas: Readonly<Record<string, number>> = {}): void {
    this.#isEnabled = isEnabled;
    this.#quotas = { ...defaultQuotas, ...quotas };
    this.#buckets.clear();
  }

  /** Throws `ThrottlingException` when the account has used up its calls. */
  readonly take = (call: Call): void => {
    const quota = this.#quotas[call.operation];
    if (!this.#isEnabled || quota === undefined) return;
    const account = call.principal?.account ?? call.account;
    const key = `${account}/${call.region}/${call.operation}`;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { tokens: quota, filledAt: now };
    bucket.tokens = Math.min(quota, bucket.tokens + ((now - bucket.filledAt) / 1000) * quota);
    bucket.filledAt = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) throw new AwsError("ThrottlingException", "Rate exceeded", 400);
    bucket.tokens -= 1;
  };
}
