import type { BuildLogEntry, Failure, OrganizationRole, SiteRole, TokenScope } from "@berth/api";
import type { ColumnType, Generated, Insertable, Selectable, Updateable } from "kysely";

/**
 * The tables as the newest migration leaves them. `bigint` reads as a number, `timestamptz` as a Date, `jsonb` as its
 * value; write `jsonb` objects as they are (the driver turns JavaScript arrays into SQL arrays, so stringify those).
 */
export type Database = {
  installation: InstallationTable;
  users: UsersTable;
  organizations: OrganizationsTable;
  organization_members: OrganizationMembersTable;
  sessions: SessionsTable;
  api_tokens: ApiTokensTable;
  audit_events: AuditEventsTable;
  registries: RegistriesTable;
  images: ImagesTable;
  image_tags: ImageTagsTable;
  workspaces: WorkspacesTable;
  builds: BuildsTable;
  build_steps: BuildStepsTable;
  build_log: BuildLogTable;
  registry_tokens: RegistryTokensTable;
};

/** A row as it is read, inserted and updated. */
export type Row<Table extends keyof Database> = Selectable<Database[Table]>;
export type NewRow<Table extends keyof Database> = Insertable<Database[Table]>;
export type RowChange<Table extends keyof Database> = Updateable<Database[Table]>;

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;
type Jsonb<T> = ColumnType<T, T, T>;

type InstallationTable = {
  id: Generated<boolean>;
  installation_id: string;
  setup_token_hash: Nullable<Buffer>;
  setup_completed_at: Nullable<Date>;
  key_check: Buffer;
  created_at: Generated<Date>;
};

type UsersTable = {
  id: string;
  email: string;
  username: string;
  password_hash: string;
  must_change_password: Generated<boolean>;
  site_role: SiteRole;
  status: Generated<"active" | "suspended">;
  created_at: Generated<Date>;
  last_seen_at: Nullable<Date>;
};

type OrganizationsTable = {
  id: string;
  name: string;
  is_default: Generated<boolean>;
  created_at: Generated<Date>;
};

type OrganizationMembersTable = {
  organization_id: string;
  user_id: string;
  role: OrganizationRole;
  created_at: Generated<Date>;
};

type SessionsTable = {
  id: string;
  user_id: string;
  secret_hash: Buffer;
  created_at: Generated<Date>;
  last_used_at: Generated<Date>;
  expires_at: Date;
  ip: Nullable<string>;
  user_agent: Nullable<string>;
};

type ApiTokensTable = {
  id: string;
  user_id: string;
  name: string;
  secret_hash: Buffer;
  scopes: TokenScope[];
  created_at: Generated<Date>;
  expires_at: Date;
  last_used_at: Nullable<Date>;
};

type AuditEventsTable = {
  id: string;
  time: Generated<Date>;
  action: string;
  actor_id: Nullable<string>;
  actor_username: Nullable<string>;
  actor_ip: Nullable<string>;
  target_kind: string;
  target_id: Nullable<string>;
  target_name: Nullable<string>;
  organization_id: Nullable<string>;
  changes: Jsonb<Record<string, { from: unknown; to: unknown }>>;
  request_id: Nullable<string>;
};

type RegistriesTable = {
  id: string;
  organization_id: string;
  name: string;
  kind: string;
  host: string;
  access_key_id: Nullable<string>;
  secret_envelope: Nullable<Buffer>;
  credential_generation: Generated<number>;
  credentials_set_at: Nullable<Date>;
  credentials_set_by: Nullable<string>;
  last_check_at: Nullable<Date>;
  last_check_ok: Nullable<boolean>;
  last_check_code: Nullable<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
};

type ImagesTable = {
  id: string;
  organization_id: string;
  registry_id: string;
  repository: string;
  description: Generated<string>;
  source_url: Nullable<string>;
  cpu: number;
  memory_gb: number;
  disk_gb: number;
  is_deprecated: Generated<boolean>;
  default_tag: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
};

type ImageTagsTable = {
  image_id: string;
  tag: string;
  digest: string;
  media_type: string;
  platforms: string[];
  size_bytes: Nullable<number>;
  pushed_at: Nullable<Date>;
  is_decommissioned: Generated<boolean>;
  digest_changed_at: Generated<Date>;
  last_checked_at: Generated<Date>;
  last_failure: Nullable<Failure>;
  created_at: Generated<Date>;
};

type WorkspacesTable = {
  id: string;
  organization_id: string;
  owner_id: string;
  name: string;
  image_id: string;
  image_tag: string;
  digest: Nullable<string>;
  cpu: number;
  memory_gb: number;
  disk_gb: number;
  desired: "running" | "stopped" | "deleted";
  status: "pending" | "starting" | "running" | "stopping" | "stopped" | "deleting" | "failed";
  failure: Nullable<Failure>;
  agent_version: Nullable<string>;
  agent_connected_at: Nullable<Date>;
  latest_build_id: Nullable<string>;
  revision: Nullable<string>;
  version: Generated<number>;
  lease_owner: Nullable<string>;
  lease_until: Nullable<Date>;
  retry_at: Nullable<Date>;
  attempts: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  last_started_at: Nullable<Date>;
};

type BuildsTable = {
  id: string;
  workspace_id: string;
  number: number;
  kind: "create" | "start" | "stop" | "restart" | "rebuild" | "delete";
  status: "pending" | "running" | "succeeded" | "failed" | "canceled";
  initiator_id: Nullable<string>;
  image_tag: string;
  digest: Nullable<string>;
  cancel_requested: Generated<boolean>;
  failure: Nullable<Failure>;
  created_at: Generated<Date>;
  started_at: Nullable<Date>;
  finished_at: Nullable<Date>;
};

type BuildStepsTable = {
  build_id: string;
  position: number;
  step: string;
  title: string;
  status: "running" | "succeeded" | "failed" | "canceled";
  detail: Nullable<string>;
  started_at: Date;
  finished_at: Nullable<Date>;
};

type BuildLogTable = {
  build_id: string;
  seq: number;
  time: Date;
  /** A log entry as the API shows it, without what the other columns hold. */
  entry: Jsonb<DistributiveOmit<BuildLogEntry, "seq" | "time">>;
};

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

type RegistryTokensTable = {
  id: string;
  token_envelope: Nullable<Buffer>;
  issued_at: Nullable<Date>;
  expires_at: Nullable<Date>;
  lease_holder: Nullable<string>;
  lease_until: Nullable<Date>;
};
