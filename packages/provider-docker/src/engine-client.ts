import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { inspect } from "node:util";
import Docker from "dockerode";
import type { EngineAddress } from "./engine-address.ts";
import { EngineError, isNotFound, toEngineError } from "./engine-error.ts";
import type * as Engine from "./engine-types.ts";
import { jsonLines } from "./json-lines.ts";
import { type Labels, labelFilter } from "./labels.ts";

/** Questions that an engine in good health answers at once; past this it counts as unreachable. */
const answerWithinMs = 30_000;

export type EngineClient = ReturnType<typeof connectEngine>;

/**
 * Talks to one engine, one method for one call, and decides nothing. Throws `EngineError` when the engine refuses or
 * does not answer, and the signal's own `AbortError`.
 */
export function connectEngine(address: EngineAddress) {
  const docker = withoutRequestDumps(openDocker(address));
  /** These take options too, which their types do not know. */
  const options = docker as unknown as Record<"version" | "info", (options: object) => Promise<unknown>>;

  /** For calls that take as long as their work takes. */
  const call = async <T>(work: Promise<unknown>): Promise<T> => {
    try {
      return (await work) as T;
    } catch (error) {
      throw toEngineError(error);
    }
  };
  /** For calls that answer from what the engine knows. */
  const ask = async <T>(signal: AbortSignal, work: (abortSignal: AbortSignal) => Promise<unknown>): Promise<T> => {
    const deadline = AbortSignal.timeout(answerWithinMs);
    try {
      return await call<T>(work(AbortSignal.any([signal, deadline])));
    } catch (error) {
      if (deadline.aborted && !signal.aborted) throw new EngineError("no answer in time", { systemCode: "ETIMEDOUT" });
      throw error;
    }
  };
  const orUndefined = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  return {
    version: (signal: AbortSignal) =>
      ask<Engine.EngineVersion>(signal, (abortSignal) => options.version({ abortSignal })),
    info: (signal: AbortSignal) => ask<Engine.EngineInfo>(signal, (abortSignal) => options.info({ abortSignal })),

    listContainers: (labels: Labels, signal: AbortSignal) =>
      ask<Engine.ContainerSummary[]>(signal, (abortSignal) =>
        docker.listContainers({ all: true, filters: { label: labelFilter(labels) }, abortSignal }),
      ),
    inspectContainer: (nameOrId: string, signal: AbortSignal) =>
      orUndefined(
        ask<Engine.ContainerInspect>(signal, (abortSignal) => docker.getContainer(nameOrId).inspect({ abortSignal })),
      ),
    /**
     * Takes no signal: the engine goes on creating after its client has gone, and what it makes has to be known. The
     * body is kept apart from the query, where the client would repeat it, the agent's token included, for logs to keep.
     */
    createContainer: async (name: string, body: Engine.ContainerBody): Promise<string> => {
      const options = { _query: { name }, _body: body } as unknown as Docker.ContainerCreateOptions;
      return (await call<{ id: string }>(docker.createContainer(options))).id;
    },
    startContainer: (id: string) => call<void>(docker.getContainer(id).start()),
    stopContainer: (id: string, graceSeconds: number, signal: AbortSignal) =>
      ignoring(304, call<void>(docker.getContainer(id).stop({ t: graceSeconds, abortSignal: signal }))),
    /** Removes the container, running or not, with its anonymous volumes. */
    removeContainer: (nameOrId: string, signal: AbortSignal) =>
      call<void>(docker.getContainer(nameOrId).remove({ force: true, v: true, abortSignal: signal } as object)),
    waitRemoved: (id: string, signal: AbortSignal) =>
      orUndefined(call<unknown>(docker.getContainer(id).wait({ condition: "removed", abortSignal: signal }))),
    logs: (id: string, lines: number, signal: AbortSignal) =>
      ask<Buffer>(signal, (abortSignal) =>
        docker.getContainer(id).logs({ stdout: true, stderr: true, tail: lines, follow: false, abortSignal }),
      ),

    getArchive: (id: string, path: string, signal: AbortSignal) =>
      orUndefined(
        call<Readable>(docker.getContainer(id).getArchive({ path, abortSignal: signal } as { path: string })),
      ),
    /** What a path is and, for a symbolic link, where in the container it leads. */
    statArchive: async (id: string, path: string, signal: AbortSignal) => {
      const answer = await orUndefined(
        call<http.IncomingMessage>(docker.getContainer(id).infoArchive({ path, abortSignal: signal })),
      );
      answer?.resume();
      const header = answer?.headers["x-docker-container-path-stat"];
      if (typeof header !== "string") return undefined;
      return JSON.parse(Buffer.from(header, "base64").toString()) as { mode: number; linkTarget: string };
    },
    putArchive: (id: string, path: string, tar: Readable | Buffer, signal: AbortSignal) =>
      call<void>(docker.getContainer(id).putArchive(tar, { path, abortSignal: signal } as { path: string })),

    inspectImage: (nameOrId: string, signal: AbortSignal) =>
      orUndefined(
        ask<Engine.ImageInspect>(signal, (abortSignal) => docker.getImage(nameOrId).inspect({ abortSignal } as object)),
      ),
    /** All images, or those that carry labels. */
    listImages: (labels: Labels, signal: AbortSignal) =>
      ask<Engine.ImageSummary[]>(signal, (abortSignal) =>
        docker.listImages({ filters: { label: labelFilter(labels) }, abortSignal } as object),
      ),
    tagImage: (id: string, repo: string, tag: string, signal: AbortSignal) =>
      ask<void>(signal, (abortSignal) => docker.getImage(id).tag({ repo, tag, abortSignal })),
    removeImage: (id: string, signal: AbortSignal) =>
      ignoring(404, call<void>(docker.getImage(id).remove({ abortSignal: signal } as object))),
    /** Failures arrive in the events, after a 200. */
    pullImage: async (
      repository: string,
      digest: string,
      login: Engine.RegistryLogin | undefined,
      signal: AbortSignal,
    ) =>
      jsonLines<Engine.PullEvent>(
        await call<Readable>(docker.createImage(login, { fromImage: repository, tag: digest, abortSignal: signal })),
      ),
    /** Makes a labelled image of one layer and answers its id. */
    importImage: async (tar: Readable, labels: Labels, signal: AbortSignal): Promise<string> => {
      const changes = Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`);
      const events = jsonLines<Engine.PullEvent>(
        await call<Readable>(docker.importImage(tar, { changes, abortSignal: signal })),
      );
      let last: Engine.PullEvent = {};
      for await (const event of events) last = event;
      if (last.error !== undefined || !last.status?.startsWith("sha256:")) {
        throw new EngineError(last.error ?? "the import named no image", { status: 500 });
      }
      return last.status;
    },

    inspectVolume: (name: string, signal: AbortSignal) =>
      orUndefined(
        ask<Engine.VolumeInspect>(signal, (abortSignal) => docker.getVolume(name).inspect({ abortSignal } as object)),
      ),
    listVolumes: async (labels: Labels, signal: AbortSignal): Promise<Engine.VolumeInspect[]> => {
      const filters = { label: labelFilter(labels) };
      const answer = await ask<{ Volumes: Engine.VolumeInspect[] | null }>(signal, (abortSignal) =>
        docker.listVolumes({ filters, abortSignal } as object),
      );
      return answer.Volumes ?? [];
    },
    removeVolume: (name: string, signal: AbortSignal) =>
      ignoring(404, call<void>(docker.getVolume(name).remove({ abortSignal: signal } as object))),

    /** Follows container events; ends when the engine closes the stream. */
    events: async (labels: Labels, sinceNano: number | undefined, signal: AbortSignal) => {
      const filters = { type: ["container"], event: ["start", "die", "destroy"], label: labelFilter(labels) };
      const since = sinceNano === undefined ? {} : { since: nanoTimestamp(sinceNano) };
      return jsonLines<Engine.EngineEvent>(
        await call<Readable>(docker.getEvents({ filters, ...since, abortSignal: signal } as object)),
      );
    },
  };
}

async function ignoring(status: number, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof EngineError) || error.status !== status) throw error;
  }
}

/** `seconds.nanoseconds`, as the events endpoint reads it. A double holds the nanoseconds to within a microsecond. */
function nanoTimestamp(nano: number): string {
  const seconds = Math.floor(nano / 1e9);
  return `${seconds}.${String(Math.floor(nano - seconds * 1e9)).padStart(9, "0")}`;
}

/** Everything is named, `undefined` included: what is left out the Docker client would read from the environment. */
function openDocker(address: EngineAddress): Docker {
  if ("socketPath" in address) {
    const agent = new http.Agent({ keepAlive: false });
    return new Docker({
      socketPath: address.socketPath,
      host: undefined,
      protocol: "http",
      port: undefined,
      ca: undefined,
      cert: undefined,
      key: undefined,
      agent,
    } as Docker.DockerOptions);
  }
  const { host, port, protocol, ca, cert, key } = address;
  const agent =
    protocol === "https" ? new https.Agent({ keepAlive: true, ca, cert, key }) : new http.Agent({ keepAlive: true });
  return new Docker({
    socketPath: undefined,
    host,
    port,
    protocol,
    ca,
    cert,
    key,
    agent,
  } as unknown as Docker.DockerOptions);
}

type BuildRequest = (options: object, ...rest: unknown[]) => unknown;

/**
 * The client formats every request for a debug log that is off: agent, sockets and signals to any depth, for each call,
 * which costs more than all else that many workspaces do at once. A request that formats itself as a word ends that.
 */
function withoutRequestDumps(docker: Docker): Docker {
  const modem = docker.modem as unknown as { buildRequest: BuildRequest };
  const build = modem.buildRequest.bind(modem);
  modem.buildRequest = (options, ...rest) =>
    build(Object.assign(options, { [inspect.custom]: () => "request" }), ...rest);
  return docker;
}
