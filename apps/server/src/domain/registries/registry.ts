import type { Registry } from "@berth/api";
import { BerthError } from "../berth-error.ts";
import type { EcrGateway } from "./ecr-gateway.ts";
import { maskAccessKeyId } from "./registry-keys.ts";

/** A saved registry without its secret, which only `StoredCredential` carries. */
export type RegistryRecord = {
  id: string;
  organizationId: string;
  name: string;
  kind: "ecr";
  host: string;
  accessKeyId: string | null;
  credentialsSetAt: Date | null;
  credentialsSetBy: string | null;
  imageCount: number;
  lastCheck: { at: Date; ok: boolean; code: string | null } | null;
  createdAt: Date;
  updatedAt: Date;
};

/** What reaching a registry takes; the secret still sealed. */
export type StoredCredential = {
  registryId: string;
  organizationId: string;
  host: string;
  accessKeyId: string | null;
  secretEnvelope: Buffer | null;
  /** Rises with every change of host or keys: part of the name of whatever is remembered about the registry. */
  generation: number;
};

/** Names every field on purpose: a column added to the record must not reach clients by accident. */
export function registryView(record: RegistryRecord, hosts: Pick<EcrGateway, "parseHost">): Registry {
  const { accountId, region, partition } = hosts.parseHost(record.host);
  const { accessKeyId, credentialsSetAt, lastCheck } = record;
  return {
    id: record.id,
    organizationId: record.organizationId,
    name: record.name,
    kind: record.kind,
    registry: record.host,
    ecr: { accountId, region, partition },
    credentials:
      accessKeyId === null || credentialsSetAt === null
        ? null
        : {
            accessKeyId: maskAccessKeyId(accessKeyId),
            setAt: credentialsSetAt.toISOString(),
            setBy: record.credentialsSetBy,
          },
    imageCount: record.imageCount,
    lastCheck: lastCheck && { at: lastCheck.at.toISOString(), ok: lastCheck.ok, code: lastCheck.code },
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}

/** The refusal to part an image from its registry. `repositories` may be the first few of `count`. */
export function registryInUse(repositories: readonly string[], count: number): BerthError {
  const named = repositories.join(", ");
  const rest = count > repositories.length ? ` and ${count - repositories.length} more` : "";
  return new BerthError("REGISTRY_IN_USE", `Images refer to this registry: ${named}${rest}.`, {
    context: { images: [...repositories], count },
  });
}
