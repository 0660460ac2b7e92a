import { AwsError } from "../aws-error.ts";
import type { HttpResponse } from "../http/response.ts";
import { parseQuery } from "../sigv4/canonical-request.ts";
import { repositoryArn } from "./repository-store.ts";
import { authorizedV2Repository, authorizeV2, originOf, type V2Context, v2Json } from "./v2-context.ts";

const defaultPage = 100;

function unsupported(constraint: string): AwsError {
  const message = `Invalid parameter at 'maxResults' failed to satisfy constraint: '${constraint}'`;
  return new AwsError("UNSUPPORTED", message, 405);
}

function pageSize(text: string | undefined): number {
  if (text === undefined) return defaultPage;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1)
    throw unsupported("Member must have value greater than or equal to 1");
  if (Number(text) > 1000) throw unsupported("Member must have value less than or equal to 1000");
  return Number(text);
}

/** One page by `n` and an opaque `last`, with the address of the next in `Link`. */
function page(context: V2Context, names: readonly string[]): { page: string[]; headers: Record<string, string> } {
  const { request, deps } = context;
  const query = new Map(parseQuery(request.query));
  const size = pageSize(query.get("n"));
  const last = query.get("last");
  const purpose = `page-marker${request.path}`;
  // A marker is sealed; a client that resumes after a plain name is served as well (distribution-spec, listing tags).
  const after = last === undefined ? undefined : (deps.box.open(purpose, Buffer.from(last, "base64url")) ?? last);
  const rest = after === undefined ? names : names.filter((name) => name > after);
  const taken = rest.slice(0, size);
  const end = taken.at(-1);
  if (rest.length <= size || end === undefined) return { page: taken, headers: {} };
  const marker = deps.box.seal(purpose, end).toString("base64url");
  const link = `<${originOf(request)}${request.path}?last=${marker}&n=${size}>; rel="next"`;
  return { page: taken, headers: { link } };
}

export function listTags(context: V2Context, name: string): HttpResponse {
  const repository = authorizedV2Repository(context, name, "ecr:ListImages");
  const { page: tags, headers } = page(context, [...context.deps.images.tags(repository).keys()].sort());
  return v2Json({ name, tags }, headers);
}

/** Lists the repositories of the registry that was asked, whoever asks. */
export function listCatalog(context: V2Context): HttpResponse {
  const { call, registryId, deps } = context;
  const registry = { registryId, region: call.region };
  authorizeV2(context, "ecr:DescribeRepositories", repositoryArn({ ...registry, name: "*" }));
  const names = deps.repositories.list(registry).map(({ name }) => name);
  const { page: repositories, headers } = page(context, names);
  return v2Json({ repositories }, headers);
}
