import type { VirtualClock } from "./clock.ts";
import type { CallLog } from "./control/call-log.ts";
import type { Faults } from "./control/faults.ts";
import { applySeed, type SeedDeps } from "./control/seed.ts";
import type { Stats } from "./control/service.ts";
import type { Throttling } from "./control/throttling.ts";
import type { DataDirectory } from "./data-directory.ts";
import { ensureDefaultIdentities, restoreDefaultIdentities } from "./default-identities.ts";
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

export function assemble({ directory, clock, faults, log, throttling, account, region }: AssembleOptions): Assembled {
  const identity = identityTables();
  const registry = registryTables();
  const allTables = [...Object.values(identity), ...Object.values(registry)];
  const state = new Tables(directory.statePath, allTables);
  const box = new SecretBox(directory.rootKey);
  const identities = new IdentityStore(identity, state, clock);
  const policies = new PolicyStore(identities);
  const authorizer = new Authorizer(policies, clock);
  const sessions = new Sessions({ identities, box, clock, paddingBytes: sessionTokenPaddingBytes });
  const blobs = new BlobStore(directory.path);
  const repositories = new RepositoryStore(registry, state, clock);
  const images = new ImageStore(registry, state, blobs, clock);
  const uploads = new Uploads(blobs);
  const tokens = new RegistryTokens({ box, clock, sessions });
  const urls = new LayerUrls(box, clock);
  const seeding: SeedDeps = { identities, policies, repositories, account, region };
  const throttle = throttling.take;
  const iamDeps = { identities, authorizer, policies };
  const iamOperations = {
    ...userOperations(iamDeps),
    ...accessKeyOperations(iamDeps),
    ...userPolicyOperations(iamDeps),
    ...managedPolicyOperations(iamDeps),
  };
  const query = { sessions, clock, throttle };
  const stats = () => countStats(identity, registry);

  async function reset(): Promise<void> {
    const defaults = ensureDefaultIdentities(seeding);
    state.commit(...allTables.flatMap((table) => [...table.all()].map((row) => ({ ...row, value: null }))));
    restoreDefaultIdentities(seeding, defaults);
    faults.clear();
    log.clear();
    clock.reset();
    await images.sweep();
  }

  return {
    seeding,
    stats,
    reset,
    sweep: () => images.sweep(),
    async close() {
      await uploads.close();
      state.close();
    },
    server: {
      defaults: { account, region },
      clock,
      faults,
      log,
      ecr: {
        ecr: { repositories, images, tokens, urls, authorizer, paging: new Paging(box) },
        sessions,
        clock,
        throttle,
      },
      iam: { service: "iam", version: "2010-05-08", operations: iamOperations, ...query },
      sts: {
        service: "sts",
        version: "2011-06-15",
        operations: stsOperations({ identities, authorizer, sessions }),
        ...query,
      },
      v2: { repositories, images, uploads, tokens, urls, authorizer, throttle, box },
      s3: { blobs, urls, clock },
      control: {
        token: directory.controlToken,
        clock,
        faults,
        log,
        throttling,
        seed: (seed) => applySeed(seeding, seed),
        stats,
        reset,
      },
    },
  };
}
