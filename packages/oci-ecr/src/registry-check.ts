import type { Fix, RegistryErrorCode } from "@berth/oci";

export type CheckStepId =
  | "name"
  | "dns"
  | "tls"
  | "registry"
  | "identity"
  | "token"
  | "repositories"
  | "images"
  | "manifest"
  | "layer"
  | "pull";

/** One probe that was made, or not made, and what it found. */
export type CheckStep = {
  id: CheckStepId;
  title: string;
  status: "ok" | "failed" | "skipped" | "warning";
  durationMs: number;
  code?: RegistryErrorCode;
  /** A sentence for people. */
  detail?: string;
  fix?: Fix;
};

export type CheckReport = {
  /** No step failed: images can be pulled, as far as could be tried. */
  ok: boolean;
  /** Repositories and tags can be listed; otherwise image names must be typed. */
  canBrowse: boolean;
  /** Undefined when there was no repository to try. */
  canPull?: boolean;
  /** The result in a sentence. */
  summary: string;
  callerArn?: string;
  callerAccountId?: string;
  steps: CheckStep[];
};
