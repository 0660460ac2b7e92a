import type { VirtualClock } from "./clock.ts";
import type { CallLog } from "./control/call-log.ts";
import type { Faults } from "./control/faults.ts";
import { applySeed, type Seed, type SeedDeps } from "./control/seed.ts";
import type { Stats } from "./control/service.ts";
import type { Throttling } from "./control/throttling.ts";
import type { DataDirectory } from "./data-directory.ts";
import { ensureDefaultIdentities, restoreDefaultIdentities } from "./default-identities.ts";
import type { Services } from "./dispatch.ts";
import { Paging } from "./ecr/paging.ts";
import { accessKeyOperations } from "./iam/access-key-operations.ts";
import { Authorizer } from "./iam/authorizer.ts";
import { IdentityStore } from "./iam/identity-store.ts";
import { managedPolicyOperations } from "./iam/managed-policy-operations.ts";
import { PolicyStore } from "./iam/policy-store.ts";
import { identityTables } from "./iam/records.ts";
import { userOperations } from "./iam/user-operations.ts";
import { userPolicyOperations } from "./iam/user-policy-operations.ts";
import { BlobStore } from "./registry/blob-store.ts";
import { ImageStore } from "./registry/image-store.ts";
import { registryTables } from "./registry/records.ts";
import { RegistryTokens } from "./registry/registry-tokens.ts";
import { RepositoryStore } from "./registry/repository-store.ts";
import { Uploads } from "./registry/uploads.ts";
import { LayerUrls } from "./s3/layer-urls.ts";
import type { ServerDeps } from "./server.ts";
import { SecretBox } from "./state/secret-box.ts";
import { Tables } from "./state/tables.ts";
import { stsOperations } from "./sts/operations.ts";
import { Sessions } from "./sts/sessions.ts";

export type AssembleOptions = {
  onBug(error: unknown): void;
  directory: DataDirectory;
  clock: VirtualClock;
  faults: Faults;
  log: CallLog;
  throttling: Throttling;
  account: string;
  region: string;
};

/** The state of a sandbox and the services over it, wired to each other but not yet to a port. */
export type Assembled = {
  server: ServerDeps;
  seeding: SeedDeps;
  stats(): Stats;
  reset(): Promise<void>;
  sweep(): Promise<void>;
  close(): Promise<void>;
};

const sessionTokenPaddingBytes = 500;

/** Tables, and what keeps its records in them. */
function openStores({ directory, clock }: AssembleOptions) {
  const identity = identityTables();
  const registry = registryTables();
  const tables = [...Object.values(identity), ...Object.values(registry)];
  const state = new Tables(directory.statePath, tables);
  const identities = new IdentityStore(identity, state, clock);
  const blobs = new BlobStore(directory.path);
  return {
    state,
    identities,
    policies: new PolicyStore(identities),
    repositories: new RepositoryStore(registry, state, clock),
    images: new ImageStore(registry, state, blobs, clock),
    uploads: new Uploads(blobs),
    stats: () => countStats(identity, registry),
    /** Removes every record in one transaction. */
    clear: () => state.commit(...tables.flatMap((table) => [...table.all()].map((row) => ({ ...row, value: null })))),
  };
}

function wireServices(options: AssembleOptions, stores: ReturnType<typeof openStores>): Services {
  const { directory, clock, throttling, account, region } = options;
  const { identities, policies, repositories, images, uploads } = stores;
  const throttle = throttling.take;
  const box = new SecretBox(directory.rootKey);
  const authorizer = new Authorizer(policies, clock);
  const sessions = new Sessions({ identities, box, clock, paddingBytes: sessionTokenPaddingBytes });
  const tokens = new RegistryTokens({ box, clock, sessions });
  const urls = new LayerUrls(box, clock);
  const iamDeps = { identities, authorizer, policies };
  const iamOperations = {
    ...userOperations(iamDeps),
    ...accessKeyOperations(iamDeps),
    ...userPolicyOperations(iamDeps),
    ...managedPolicyOperations(iamDeps),
  };
  const query = { sessions, clock, throttle };
  const registry = { repositories, images, tokens, urls, authorizer };
  return {
    defaults: { account, region },
    ecr: { ecr: { ...registry, paging: new Paging(box) }, ...query },
    iam: { service: "iam", version: "2010-05-08", operations: iamOperations, ...query },
    sts: { service: "sts", version: "2011-06-15", operations: stsOperations({ ...iamDeps, sessions }), ...query },
    v2: { ...registry, uploads, throttle, box },
    s3: { blobs: images.blobs, urls, clock },
  };
}

function countStats(identity: ReturnType<typeof identityTables>, registry: ReturnType<typeof registryTables>): Stats {
  const count = (table: { all(): Iterable<unknown> }) => [...table.all()].length;
  return {
    repositories: count(registry.repositories),
    images: count(registry.images),
    tags: count(registry.tags),
    layers: count(registry.layers),
    users: count(identity.users),
    accessKeys: count(identity.accessKeys),
  };
}

/** Opens the state of a sandbox and wires its services over it. */
export function assemble(options: AssembleOptions): Assembled {
  const { directory, clock, faults, log, throttling, account, region, onBug } = options;
  const stores = openStores(options);
  const { state, identities, policies, repositories, images, uploads, stats } = stores;
  const seeding: SeedDeps = { identities, policies, repositories, account, region };

  async function reset(): Promise<void> {
    const defaults = ensureDefaultIdentities(seeding);
    stores.clear();
    restoreDefaultIdentities(seeding, defaults);
    faults.clear();
    log.clear();
    clock.reset();
    await images.sweep();
  }

  const seed = (wanted: Seed) => applySeed(seeding, wanted);
  const control = { token: directory.controlToken, clock, faults, log, throttling, seed, stats, reset };
  return {
    server: { services: wireServices(options, stores), control, clock, faults, log, onBug },
    seeding,
    stats,
    reset,
    sweep: () => images.sweep(),
    async close() {
      await uploads.close();
      state.close();
    },
  };
}
