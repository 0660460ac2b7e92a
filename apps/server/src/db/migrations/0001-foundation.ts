import { type Kysely, sql } from "kysely";

/**
 * The first schema. Forward-only: a later change is a new file. Every statement suits PostgreSQL 14 and later.
 * Secrets are `bytea` envelopes; passwords are PHC strings; tokens are SHA-256 hashes.
 */
const statements = [
  `CREATE TABLE installation (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    installation_id uuid NOT NULL,
    setup_token_hash bytea,
    setup_completed_at timestamptz,
    key_check bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,

  `CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    username text NOT NULL,
    password_hash text NOT NULL,
    must_change_password boolean NOT NULL DEFAULT false,
    site_role text NOT NULL CHECK (site_role IN ('admin', 'manager', 'auditor', 'member')),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz
  )`,
  `CREATE UNIQUE INDEX users_email_key ON users (lower(email))`,
  `CREATE UNIQUE INDEX users_username_key ON users (lower(username))`,

  `CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX organizations_name_key ON organizations (lower(name))`,
  `CREATE UNIQUE INDEX organizations_one_default ON organizations (is_default) WHERE is_default`,

  `CREATE TABLE organization_members (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('super_manager', 'manager', 'image_manager', 'importer', 'member')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
  )`,
  `CREATE INDEX organization_members_user ON organization_members (user_id)`,

  `CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    secret_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ip text,
    user_agent text
  )`,
  `CREATE INDEX sessions_user ON sessions (user_id)`,

  `CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    UNIQUE (user_id, name)
  )`,

  `CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    time timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    actor_id uuid,
    actor_username text,
    actor_ip text,
    target_kind text NOT NULL,
    target_id text,
    target_name text,
    organization_id uuid,
    changes jsonb NOT NULL DEFAULT '{}',
    request_id text
  )`,
  `CREATE INDEX audit_events_time ON audit_events (time DESC, id DESC)`,

  `CREATE TABLE registries (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL,
    kind text NOT NULL,
    host text NOT NULL,
    access_key_id text,
    secret_envelope bytea,
    credential_generation integer NOT NULL DEFAULT 1,
    credentials_set_at timestamptz,
    credentials_set_by uuid REFERENCES users ON DELETE SET NULL,
    last_check_at timestamptz,
    last_check_ok boolean,
    last_check_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX registries_name_key ON registries (organization_id, lower(name))`,

  `CREATE TABLE images (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    registry_id uuid NOT NULL REFERENCES registries ON DELETE RESTRICT,
    repository text NOT NULL,
    description text NOT NULL DEFAULT '',
    source_url text,
    cpu double precision NOT NULL,
    memory_gb double precision NOT NULL,
    disk_gb integer NOT NULL,
    is_deprecated boolean NOT NULL DEFAULT false,
    default_tag text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (registry_id, repository)
  )`,
  `CREATE INDEX images_organization ON images (organization_id, repository)`,

  `CREATE TABLE image_tags (
    image_id uuid NOT NULL REFERENCES images ON DELETE CASCADE,
    tag text NOT NULL,
    digest text NOT NULL,
    media_type text NOT NULL,
    platforms text[] NOT NULL,
    size_bytes bigint,
    pushed_at timestamptz,
    is_decommissioned boolean NOT NULL DEFAULT false,
    digest_changed_at timestamptz NOT NULL DEFAULT now(),
    last_checked_at timestamptz NOT NULL DEFAULT now(),
    last_failure jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (image_id, tag)
  )`,

  `CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE RESTRICT,
    owner_id uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    name text NOT NULL,
    image_id uuid NOT NULL REFERENCES images ON DELETE RESTRICT,
    image_tag text NOT NULL,
    digest text,
    cpu double precision NOT NULL,
    memory_gb double precision NOT NULL,
    disk_gb integer NOT NULL,
    desired text NOT NULL CHECK (desired IN ('running', 'stopped', 'deleted')),
    status text NOT NULL
      CHECK (status IN ('pending', 'starting', 'running', 'stopping', 'stopped', 'deleting', 'failed')),
    failure jsonb,
    agent_version text,
    agent_connected_at timestamptz,
    latest_build_id uuid,
    revision uuid,
    version bigint NOT NULL DEFAULT 1,
    lease_owner uuid,
    lease_until timestamptz,
    retry_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_started_at timestamptz
  )`,
  `CREATE UNIQUE INDEX workspaces_name_key ON workspaces (owner_id, lower(name))`,
  `CREATE INDEX workspaces_image ON workspaces (image_id, image_tag)`,
  `CREATE INDEX workspaces_organization ON workspaces (organization_id, created_at)`,

  `CREATE TABLE builds (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    number integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('create', 'start', 'stop', 'restart', 'rebuild', 'delete')),
    status text NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'canceled')),
    initiator_id uuid REFERENCES users ON DELETE SET NULL,
    image_tag text NOT NULL,
    digest text,
    cancel_requested boolean NOT NULL DEFAULT false,
    failure jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    UNIQUE (workspace_id, number)
  )`,
  `ALTER TABLE workspaces ADD FOREIGN KEY (latest_build_id) REFERENCES builds DEFERRABLE INITIALLY DEFERRED`,

  `CREATE TABLE build_steps (
    build_id uuid NOT NULL REFERENCES builds ON DELETE CASCADE,
    position integer NOT NULL,
    step text NOT NULL,
    title text NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'canceled')),
    detail text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (build_id, position)
  )`,

  `CREATE TABLE build_log (
    build_id uuid NOT NULL REFERENCES builds ON DELETE CASCADE,
    seq integer NOT NULL,
    time timestamptz NOT NULL,
    entry jsonb NOT NULL,
    PRIMARY KEY (build_id, seq)
  )`,
];

/** Tells listeners that a row changed: table, id and version only, never its content. */
const notifications = [
  `CREATE FUNCTION berth_notify() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE row_id text; row_version text;
  BEGIN
    IF TG_OP = 'DELETE' THEN
      row_id := OLD.id::text; row_version := '';
    ELSE
      row_id := NEW.id::text; row_version := coalesce(to_jsonb(NEW) ->> 'version', '');
    END IF;
    PERFORM pg_notify('berth', TG_TABLE_NAME || ' ' || row_id || ' ' || row_version);
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER workspaces_notify AFTER INSERT OR DELETE ON workspaces FOR EACH ROW EXECUTE FUNCTION berth_notify()`,
  `CREATE TRIGGER workspaces_notify_update AFTER UPDATE ON workspaces FOR EACH ROW
    WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION berth_notify()`,
  `CREATE TRIGGER builds_notify AFTER INSERT OR UPDATE ON builds FOR EACH ROW EXECUTE FUNCTION berth_notify()`,
  `CREATE TRIGGER registries_notify AFTER INSERT OR UPDATE OR DELETE ON registries
    FOR EACH ROW EXECUTE FUNCTION berth_notify()`,
  `CREATE TRIGGER images_notify AFTER INSERT OR UPDATE OR DELETE ON images
    FOR EACH ROW EXECUTE FUNCTION berth_notify()`,
  `CREATE FUNCTION berth_notify_log() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_notify('berth', 'build_log ' || NEW.build_id::text || ' ' || NEW.seq::text);
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER build_log_notify AFTER INSERT ON build_log FOR EACH ROW EXECUTE FUNCTION berth_notify_log()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...statements, ...notifications]) await sql.raw(statement).execute(db);
}
