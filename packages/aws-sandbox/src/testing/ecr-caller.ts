import type { Clock } from "../clock.ts";
import type { AccessKey } from "../iam/identity-store.ts";
import { signHeaders } from "../sigv4/sign.ts";

export type ApiAnswer = { status: number; body: Record<string, unknown> };
export type EcrCallOptions = { key?: AccessKey; region?: string; sessionToken?: string };

/** Where a sandbox is and who operates it. */
export type CallTarget = { url: string; host: string; region: string; operator: AccessKey; clock: Clock };

/** Calls an ECR operation with a signature made at the sandbox's time; the operator's unless another key is given. */
export async function callEcr(
  sandbox: CallTarget,
  operation: string,
  input: object = {},
  options: EcrCallOptions = {},
): Promise<ApiAnswer> {
  const { key = sandbox.operator, region = sandbox.region, sessionToken } = options;
  const body = JSON.stringify(input);
  const headers = signHeaders(
    {
      method: "POST",
      path: "/",
      query: "",
      headers: {
        host: sandbox.host,
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AmazonEC2ContainerRegistry_V20150921.${operation}`,
      },
      body,
    },
    { ...key, region, service: "ecr", sessionToken },
    sandbox.clock.now(),
  );
  const { host: _, ...sent } = headers;
  const response = await fetch(sandbox.url, { method: "POST", headers: sent, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Basic credential for the data plane, from GetAuthorizationToken; throws when the key may not have one. */
export async function registryAuthorization(sandbox: CallTarget, options: EcrCallOptions = {}): Promise<string> {
  const { status, body } = await callEcr(sandbox, "GetAuthorizationToken", {}, options);
  const data = body.authorizationData as { authorizationToken: string }[] | undefined;
  if (status !== 200 || !data?.[0]) throw new Error(`GetAuthorizationToken answered ${status} ${JSON.stringify(body)}`);
  return `Basic ${data[0].authorizationToken}`;
}
