import { z } from "zod";
import { displayName, Id, line, pageOf, pageQuery, Timestamp } from "./common.ts";
import { Failure } from "./problem.ts";
import { route } from "./route.ts";

/** Kinds known to the product; a server says REGISTRY_KIND_UNSUPPORTED for those it cannot reach yet. */
export const RegistryKind = z.enum(["ecr", "ecr_public", "docker_hub", "ghcr", "gar", "acr", "generic"]);
export type RegistryKind = z.output<typeof RegistryKind>;

export const Registry = z
  .object({
    id: Id,
    organizationId: Id,
    name: z.string(),
    kind: RegistryKind,
    registry: z.string().describe("Host"),
    /** Of an `ecr` registry, read from its host. */
    ecr: z.object({ accountId: z.string(), region: z.string(), partition: z.string() }).nullable(),
    credentials: z
      .object({
        accessKeyId: z.string().describe("Masked: AKIA…WXYZ"),
        setAt: Timestamp,
        setBy: z.string().nullable().describe("Username"),
      })
      .nullable(),
    imageCount: z.int(),
    lastCheck: z.object({ at: Timestamp, ok: z.boolean(), code: z.string().nullable() }).nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Registry" });
export type Registry = z.output<typeof Registry>;

const host = z
  .string()
  .trim()
  .pipe(line(1000).min(1))
  .describe("Host, as `123456789012.dkr.ecr.eu-west-1.amazonaws.com`; a pasted URL is understood");
/** Copying adds blanks and line ends around a key; both keys blank mean the server's own role. */
const accessKeyId = z.string().trim().pipe(line(200));
const secretAccessKey = z.string().max(32_768).describe("Write-only");

/** What a new registry needs; also sent to *check* before anything is saved. */
export const NewRegistry = z
  .object({
    name: displayName(64),
    kind: RegistryKind.default("ecr"),
    registry: host,
    accessKeyId: accessKeyId.optional(),
    secretAccessKey: secretAccessKey.optional(),
  })
  .meta({ id: "NewRegistry" });
export type NewRegistry = z.output<typeof NewRegistry>;

export const CheckStep = z
  .object({
    id: z.string().describe("Stable: dns, connect, tls, identity, token, list, tags, manifest, layer, data"),
    title: z.string(),
    status: z.enum(["ok", "warning", "failed", "skipped"]),
    durationMs: z.number(),
    detail: z.string().optional().describe("What was seen, for people"),
    failure: Failure.optional(),
  })
  .meta({ id: "CheckStep" });
export type CheckStep = z.output<typeof CheckStep>;

export const RegistryCheck = z
  .object({ ok: z.boolean(), at: Timestamp, durationMs: z.number(), summary: z.string(), steps: z.array(CheckStep) })
  .meta({ id: "RegistryCheck" });
export type RegistryCheck = z.output<typeof RegistryCheck>;

export const Repository = z
  .object({
    name: z.string(),
    createdAt: Timestamp.nullable(),
    /** Set when an image of this repository is imported from this registry. */
    imageId: Id.nullable(),
  })
  .meta({ id: "Repository" });
export type Repository = z.output<typeof Repository>;

export const RegistryTag = z
  .object({
    tag: z.string(),
    digest: z.string(),
    mediaType: z.string().nullable(),
    sizeBytes: z.number().nullable().describe("Compressed"),
    pushedAt: Timestamp.nullable(),
    imported: z.boolean(),
  })
  .meta({ id: "RegistryTag" });
export type RegistryTag = z.output<typeof RegistryTag>;

const registryParams = z.object({ registryId: Id });
const organizationId = Id.optional().describe("The default organization unless given");

export const registryRoutes = {
  listRegistries: route({
    method: "GET",
    path: "/registries",
    summary: "List registries",
    scope: "registries:read",
    query: z.object({ ...pageQuery, organizationId, name: line(64).optional() }),
    status: 200,
    response: pageOf(Registry),
  }),
  createRegistry: route({
    method: "POST",
    path: "/registries",
    summary: "Connect a registry",
    scope: "registries:write",
    body: NewRegistry.extend({ organizationId }),
    status: 201,
    response: Registry,
    problems: [
      "NAME_TAKEN",
      "REGISTRY_HOST_INVALID",
      "REGISTRY_KEYS_INCOMPLETE",
      "REGISTRY_KIND_UNSUPPORTED",
      "ECR_ROLE_SWITCH_OFF",
    ],
  }),
  checkNewRegistry: route({
    method: "POST",
    path: "/registries/check",
    summary: "Test a connection that is not saved; nothing is stored",
    scope: "registries:write",
    body: NewRegistry.partial({ name: true }).extend({ organizationId, repository: line(300).optional() }),
    status: 200,
    response: RegistryCheck,
  }),
  getRegistry: route({
    method: "GET",
    path: "/registries/{registryId}",
    summary: "Show a registry; its secret never comes back",
    scope: "registries:read",
    params: registryParams,
    status: 200,
    response: Registry,
  }),
  updateRegistry: route({
    method: "PATCH",
    path: "/registries/{registryId}",
    summary: "Change a registry; a new host needs the keys again",
    scope: "registries:write",
    params: registryParams,
    body: z.object({
      name: displayName(64).optional(),
      registry: host.optional(),
      accessKeyId: accessKeyId.optional(),
      secretAccessKey: secretAccessKey.optional(),
    }),
    status: 200,
    response: Registry,
    problems: ["NAME_TAKEN", "REGISTRY_HOST_INVALID", "REGISTRY_KEYS_INCOMPLETE", "REGISTRY_IN_USE"],
  }),
  deleteRegistry: route({
    method: "DELETE",
    path: "/registries/{registryId}",
    summary: "Remove a registry that no image refers to",
    scope: "registries:write",
    params: registryParams,
    status: 204,
    problems: ["REGISTRY_IN_USE"],
  }),
  checkRegistry: route({
    method: "POST",
    path: "/registries/{registryId}/check",
    summary: "Test a saved connection, step by step",
    scope: "registries:read",
    params: registryParams,
    body: z.object({ repository: line(300).optional() }).optional(),
    status: 200,
    response: RegistryCheck,
  }),
  listRepositories: route({
    method: "GET",
    path: "/registries/{registryId}/repositories",
    summary: "List what the registry holds",
    scope: "registries:read",
    params: registryParams,
    query: z.object({ ...pageQuery, search: line(256).optional() }),
    status: 200,
    response: pageOf(Repository),
    problems: ["ECR_DENIED_IDENTITY"],
  }),
  listRegistryTags: route({
    method: "GET",
    path: "/registries/{registryId}/tags",
    summary: "List the tags of a repository, newest first",
    scope: "registries:read",
    params: registryParams,
    query: z.object({ ...pageQuery, repository: line(300).min(1), search: line(128).optional() }),
    status: 200,
    response: pageOf(RegistryTag),
    problems: ["ECR_REPO_NOT_FOUND", "ECR_DENIED_IDENTITY"],
  }),
};
