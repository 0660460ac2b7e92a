import { z } from "zod";
import { RegistryError } from "./errors.ts";
import { normalizePlatform, type Platform } from "./platform.ts";

/** The largest config blob we read. */
export const maxConfigBytes = 8 * 1024 * 1024;

/** What an image says about running it (OCI image spec, `config`), with absent fields made plain. */
export type ImageConfig = {
  platform: Platform;
  createdAt?: Date;
  /** As written: a name or id, optionally `:group`; empty for root. */
  user: string;
  /** Empty when the image sets none. */
  workingDir: string;
  /** `NAME=value`, in order. */
  env: string[];
  entrypoint: string[];
  cmd: string[];
  labels: Record<string, string>;
};

const words = z.array(z.string()).nullish();

const configSchema = z.object({
  os: z.string().max(64),
  architecture: z.string().max(64),
  variant: z.string().max(64).nullish(),
  created: z.string().max(64).nullish(),
  config: z
    .object({
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
      Env: words,
      Entrypoint: words,
      Cmd: words,
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
});

/** Reads an image's config blob; throws MANIFEST_INVALID. `name` is only for the sentence. */
export function parseImageConfig(text: string, name?: string): ImageConfig {
  const facts = name === undefined ? {} : { image: name };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RegistryError("MANIFEST_INVALID", { ...facts, problem: "has a config that is not JSON" });
  }
  const result = configSchema.safeParse(json);
  if (!result.success) throw new RegistryError("MANIFEST_INVALID", { ...facts, problem: "has an invalid config" });
  const { os, architecture, variant, created, config } = result.data;
  const createdAt = created ? new Date(created) : undefined;
  return {
    platform: normalizePlatform(variant ? { os, architecture, variant } : { os, architecture }),
    ...(createdAt && !Number.isNaN(createdAt.getTime()) && { createdAt }),
    user: config?.User ?? "",
    workingDir: config?.WorkingDir ?? "",
    env: config?.Env ?? [],
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    labels: config?.Labels ?? {},
  };
}
