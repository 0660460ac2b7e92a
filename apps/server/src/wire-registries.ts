import { createEcrRegistries, type EcrRegistriesOptions, parseEcrHost } from "@berth/oci-ecr";
import type { ChangeListener } from "./db/listen.ts";
import { auditStore } from "./db/stores/audit-store.ts";
import { imageStore } from "./db/stores/image-store.ts";
import { imageTagStore } from "./db/stores/image-tag-store.ts";
import { organizationStore } from "./db/stores/organization-store.ts";
import { registryStore } from "./db/stores/registry-store.ts";
import { tokenLeaseStore } from "./db/stores/token-lease-store.ts";
import { type Executor, transact } from "./db/transaction.ts";
import type { ImageRecord } from "./domain/images/image.ts";
import { ImageImport } from "./domain/images/image-import.ts";
import { ImageRefresh } from "./domain/images/image-refresh.ts";
import { ImageSource } from "./domain/images/image-source.ts";
import { Images } from "./domain/images/images.ts";
import type { EcrGateway } from "./domain/registries/ecr-gateway.ts";
import { Registries } from "./domain/registries/registries.ts";
import { RegistryBrowser } from "./domain/registries/registry-browser.ts";
import { RegistryChecks } from "./domain/registries/registry-checks.ts";
import { RegistryConnections } from "./domain/registries/registry-connections.ts";
import { type ImageHandlersDeps, imageHandlers } from "./http/routes/images.ts";
import { type RegistryHandlersDeps, registryHandlers } from "./http/routes/registries.ts";
import type { SecretBox } from "./secrets/envelope.ts";

export type RegistriesOptions = {
  db: Executor;
  changes: Pick<ChangeListener, "subscribe">;
  secrets: SecretBox;
  /** AWS accounts that a sandbox stands in for: its API's URL, and `host:port` of its registry. */
  awsEndpoints: ReadonlyMap<string, { api: URL; registry: string }>;
  clock: () => Date;
  log: { warn(fields: object, message: string): void };
  onUpstreamCall?: EcrRegistriesOptions["onUpstreamCall"];
};

export type WiredRegistries = {
  handlers: ReturnType<typeof registryHandlers> & ReturnType<typeof imageHandlers>;
  /** What workspaces need of images. */
  imageSource: ImageSource;
  /** An image with its tags, as workspaces are offered it; whoever asks has to authorize. */
  findImage(imageId: string): Promise<ImageRecord | undefined>;
  close(): Promise<void>;
};

/** Puts registries and images together. */
export function wireRegistries(options: RegistriesOptions): WiredRegistries {
  const { ecr, close } = wireEcr(options);
  const { db, secrets, clock } = options;
  const connections = new RegistryConnections({ registries: registryStore(db), secrets, ecr });
  const browser = new RegistryBrowser({
    registries: registryStore(db),
    images: { ...imageStore(db), ...imageTagStore(db) },
    connections,
    now: () => performance.now(),
  });
  const transaction = transact(db, storesOf);
  const recordOutcomes: ReturnType<typeof imageTagStore>["recordOutcomes"] = (id, outcomes) =>
    transaction(({ images }) => images.recordOutcomes(id, outcomes));
  const common = { transaction, organizations: organizationStore(db), connections, secrets, ecr };
  const images = imageStore(db);
  const registries = registryStore(db);
  const forgetListings = (registryId: string) => browser.forget(registryId);
  const services: RegistryHandlersDeps & ImageHandlersDeps = {
    registries: new Registries({ ...common, registries, forgetListings }),
    checks: new RegistryChecks({ ...common, registries, forgetListings, now: () => clock().getTime() }),
    browser,
    images: new Images({ ...common, images }),
    imageImport: new ImageImport({ ...common, registries, images }),
    imageRefresh: new ImageRefresh({ ...common, images }),
  };
  return {
    handlers: { ...registryHandlers(services), ...imageHandlers(services) },
    imageSource: new ImageSource({
      images: { find: images.find, locate: images.locate, recordOutcomes },
      connections,
      ecr,
    }),
    findImage: images.find,
    async close() {
      browser.close();
      await close();
    },
  };
}

const storesOf = (transaction: Executor) => ({
  registries: registryStore(transaction),
  images: { ...imageStore(transaction), ...imageTagStore(transaction) },
  audit: auditStore(transaction),
});

function wireEcr(options: RegistriesOptions): { ecr: EcrGateway; close(): Promise<void> } {
  const { awsEndpoints, clock, log, onUpstreamCall } = options;
  const endpointOverrides = new Map(
    [...awsEndpoints].map(([account, { api, registry }]) => [
      account,
      { api, registry: new URL(`http://${registry}`) },
    ]),
  );
  const upstream = createEcrRegistries({
    endpointOverrides,
    clock: { now: () => clock().getTime() },
    lease: tokenLeaseStore(options),
    ...(onUpstreamCall && { onUpstreamCall }),
  });
  const ecr: EcrGateway = {
    parseHost: parseEcrHost,
    catalog: (registry, keys) => upstream.catalog(registry, keys),
    check: (request) => upstream.check(request),
    authorization: (request) => upstream.authorization(request),
    pullHost: (registry) => awsEndpoints.get(parseEcrHost(registry).accountId)?.registry ?? registry,
    forget: async (registry, keys) => {
      // What was to be forgotten expires by itself; the change that led here is made and stays.
      await upstream
        .forget(registry, keys)
        .catch((error: unknown) => log.warn({ err: error }, "tokens of replaced keys were not dropped"));
    },
  };
  return { ecr, close: () => upstream.close() };
}
