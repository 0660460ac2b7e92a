/** What a workspace should be. Built by the server, applied by a provider. */
export type WorkspaceSpec = {
  workspaceId: string;
  /** Differs whenever the container has to be replaced (a new build, a restart). */
  revision: string;
  /** Host name inside; also part of the engine object's name, for people who look at the engine. */
  name: string;
  image: ImageSource;
  resources: {
    /** May be a fraction, e.g. 0.5. */
    cpus: number;
    memoryBytes: number;
    /** Size of home. */
    diskBytes: number;
  };
  /** Variables Berth adds over the image's own. */
  env: Record<string, string>;
  agent: AgentLink;
};

export type ImageSource = {
  /** The name people know, e.g. `000000000000.dkr.ecr.us-east-1.amazonaws.com/team/base:1`. */
  reference: string;
  /** `sha256:…`, pinned by the build. */
  digest: string;
  /**
   * Where the bytes come from, `host[:port]/repository`, when it differs from the reference: an operator may map an
   * account's registry to another address. The pulled image is tagged with `reference`.
   */
  pullRepository: string;
};

export type AgentLink = {
  /** Becomes BERTH_AGENT_URL. */
  url: string;
  token: string;
  /** On the server's own machine: the directory mounted at /.berth/run, where the server's socket is. */
  socketDirectory?: string;
};
