/** Everything that follows from the name of a private ECR registry. */
export type EcrHost = {
  accountId: string;
  region: string;
  partition: string;
  fips: boolean;
  dualStack: boolean;
  /** The normalised name, without port. */
  registryHost: string;
  apiEndpoint: URL;
  stsEndpoint: URL;
  /** The only hosts that layer downloads may redirect to. */
  layerHosts: readonly string[];
};
