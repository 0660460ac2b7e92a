import { mkdtemp, rm } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

const engineSocket = "/var/run/docker.sock";

/** `before`: the engine never hears of it. `after`: it has done it, and nobody is told. */
export type HoldMoment = "before" | "after";
type Hold = { matches: RegExp; moment: HoldMoment; reached: () => void; used: boolean };

/**
 * Stands between a server and the real engine and can stop time at one call: a test then knows exactly where the server
 * is when it is killed.
 */
export class EngineRelay {
  readonly dockerHost: string;
  readonly #server: http.Server;
  readonly #directory: string;
  #hold: Hold | undefined;
  readonly calls: string[] = [];
  #isDown = false;

  private constructor(directory: string) {
    this.#directory = directory;
    this.dockerHost = `unix://${path.join(directory, "engine.sock")}`;
    this.#server = http.createServer((request, response) => void this.#pass(request, response));
  }

  static async start(): Promise<EngineRelay> {
    const directory = await mkdtemp(path.join(tmpdir(), "berth-engine-"));
    const relay = new EngineRelay(directory);
    await new Promise<void>((resolve) => relay.#server.listen(path.join(directory, "engine.sock"), resolve));
    return relay;
  }

  /** Holds the next call that matches `METHOD /path`; resolves when it has come. */
  holdNext(matches: RegExp, moment: HoldMoment): Promise<void> {
    return new Promise((reached) => {
      this.#hold = { matches, moment, reached, used: false };
    });
  }

  /** Lets every later call through. */
  release(): void {
    this.#hold = undefined;
  }

  /** Refuses every call, as an engine that was stopped does. */
  setDown(isDown: boolean): void {
    this.#isDown = isDown;
    if (isDown) this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isDown) return void request.socket.destroy();
    const call = `${request.method} ${(request.url ?? "").replace(/^\/v[\d.]+/, "")}`;
    this.calls.push(call);
    const hold = this.#hold && !this.#hold.used && this.#hold.matches.test(call) ? this.#hold : undefined;
    if (hold) hold.used = true;
    if (hold?.moment === "before") return hold.reached();
    const upstream = http.request({
      socketPath: engineSocket,
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
    upstream.on("error", () => response.destroy());
    request.on("error", () => upstream.destroy());
    response.on("close", () => upstream.destroy());
    upstream.on("response", (answer) => {
      if (hold) {
        answer.resume();
        answer.on("end", hold.reached);
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    request.pipe(upstream);
  }
}
