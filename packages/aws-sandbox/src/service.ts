import type { AwsError } from "./aws-error.ts";
import type { Call } from "./call.ts";
import type { HttpResponse } from "./http/response.ts";

/** A request that a service has recognised but not yet carried out, so that faults can step in between. */
export type Prepared = {
  operation: string;
  run(call: Call): Promise<HttpResponse>;
  /** Renders a refusal in the protocol of the service. */
  fail(error: AwsError, requestId: string): HttpResponse;
};

/** Takes one call off the account's quota; throws when there is none left. */
export type Throttle = (call: Call) => void;
