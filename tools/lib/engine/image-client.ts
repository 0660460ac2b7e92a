import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { EngineAddress } from "@berth/provider-docker";
import { callEngine, type EngineCall, expectDone, isRefusal, messageOf } from "./engine-http.ts";

/** A login for one registry, as the Engine API takes it. */
export type RegistryLogin = { username: string; password: string; serveraddress: string };

export type ImageSummary = { id: string; labels: Record<string, string> };

/** What the engine says while it works: the last word of each layer or build step. */
export type OnProgress = (words: string) => void;

export type ImageClient = ReturnType<typeof connectImages>;

/** Makes, names and moves images: the calls that set-up needs and running workspaces does not. Throws `Error` in words. */
export function connectImages(address: EngineAddress) {
  const call = (request: EngineCall, signal: AbortSignal) => callEngine(address, request, signal);

  const stream = async (request: EngineCall, onProgress: OnProgress, signal: AbortSignal): Promise<void> => {
    const answer = await call(request, signal);
    if (isRefusal(answer)) throw new Error(await messageOf(answer));
    for await (const event of jsonEvents(answer)) {
      // The engine answers 200 first and fails later, inside the stream.
      if (event.error) throw new Error(event.error);
      const words = event.stream ?? [event.status, event.progress].filter(Boolean).join(" ");
      if (words.trim()) onProgress(words.trim());
    }
  };

  return {
    /** Undefined when the engine has no such image. */
    find: async (reference: string, signal: AbortSignal): Promise<ImageSummary | undefined> => {
      const answer = await call({ method: "GET", path: `/images/${reference}/json` }, signal);
      if (answer.statusCode === 404) return void answer.resume();
      if (isRefusal(answer)) throw new Error(await messageOf(answer));
      const { Id, Config } = JSON.parse((await buffer(answer)).toString("utf8"));
      return { id: Id, labels: Config?.Labels ?? {} };
    },
    /** Makes an image of one layer from a root file system; `changes` are Dockerfile instructions. */
    importTar: (tar: Readable, name: ImageName, changes: string[], signal: AbortSignal) => {
      const query = new URLSearchParams({ fromSrc: "-", repo: name.repository, tag: name.tag });
      for (const change of changes) query.append("changes", change);
      const headers = { "content-type": "application/x-tar" };
      return stream({ method: "POST", path: `/images/create?${query}`, headers, body: tar }, () => {}, signal);
    },
    build: (
      context: Buffer,
      options: { name: ImageName; buildArgs: Record<string, string>; labels: Record<string, string> },
      onProgress: OnProgress,
      signal: AbortSignal,
    ) => {
      const query = new URLSearchParams({
        t: `${options.name.repository}:${options.name.tag}`,
        buildargs: JSON.stringify(options.buildArgs),
        labels: JSON.stringify(options.labels),
        forcerm: "true",
      });
      const headers = { "content-type": "application/x-tar" };
      return stream({ method: "POST", path: `/build?${query}`, headers, body: context }, onProgress, signal);
    },
    pull: async (name: ImageName, onProgress: OnProgress, signal: AbortSignal) => {
      const query = new URLSearchParams({ fromImage: name.repository, tag: name.tag });
      try {
        await stream({ method: "POST", path: `/images/create?${query}` }, onProgress, signal);
      } catch (cause) {
        signal.throwIfAborted();
        throw new Error(pullRefusal(name, cause), { cause });
      }
    },
    tag: async (reference: string, name: ImageName, signal: AbortSignal) => {
      const query = new URLSearchParams({ repo: name.repository, tag: name.tag });
      await expectDone(await call({ method: "POST", path: `/images/${reference}/tag?${query}` }, signal));
    },
    push: (name: ImageName, login: RegistryLogin, onProgress: OnProgress, signal: AbortSignal) => {
      const headers = { "x-registry-auth": Buffer.from(JSON.stringify(login)).toString("base64url") };
      const query = new URLSearchParams({ tag: name.tag });
      return stream({ method: "POST", path: `/images/${name.repository}/push?${query}`, headers }, onProgress, signal);
    },
    /** Takes a name off an image; an image without names goes, with the layers only it has. */
    remove: async (reference: string, signal: AbortSignal) => {
      await expectDone(await call({ method: "DELETE", path: `/images/${reference}` }, signal));
    },
  };
}

export type ImageName = { repository: string; tag: string };

/** Why a public image could not be had, in a sentence; the engine's own words name addresses and library calls. */
export function pullRefusal({ repository, tag }: ImageName, cause: unknown): string {
  const words = cause instanceof Error ? cause.message : "";
  const [registry] = repository.split("/");
  if (/no space left/i.test(words)) return `the engine's disk is too full for ${repository}:${tag}`;
  if (/toomanyrequests|rate|limit/i.test(words)) return `${registry} asks for patience: too many pulls came from here`;
  if (/not found|unknown/i.test(words) && !/host/i.test(words)) return `${registry} has no ${repository}:${tag}`;
  return `the engine cannot reach ${registry}; it may need a proxy or a way out of this network`;
}

type EngineEvent = { error?: string; stream?: string; status?: string; progress?: string };

async function* jsonEvents(answer: Readable): AsyncGenerator<EngineEvent> {
  let rest = "";
  answer.setEncoding("utf8");
  for await (const chunk of answer) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield JSON.parse(line);
  }
  if (rest.trim()) yield JSON.parse(rest);
}
