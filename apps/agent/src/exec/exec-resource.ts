import type { ServerHttp2Stream } from "node:http2";
import { decodeExecParams, type ExecParams } from "@berth/agent-protocol";
import type { Command } from "./command.ts";
import { ExecError } from "./exec-error.ts";
import { ExecSession, endWithError } from "./exec-session.ts";
import { type ExecContext, startCommand } from "./start-command.ts";

/** Answers `POST /v1/exec`, and knows the sessions that run. */
export class ExecResource {
  readonly #context: ExecContext;
  readonly #sessions = new Set<ExecSession>();

  constructor(context: ExecContext) {
    this.#context = context;
  }

  /** Takes over the stream. */
  open(stream: ServerHttp2Stream, header: string): void {
    let params: ExecParams;
    try {
      params = decodeExecParams(header);
    } catch {
      stream.resume();
      stream.respond({ ":status": 400 });
      stream.end();
      return;
    }
    stream.respond({ ":status": 200, "content-type": "application/octet-stream" });
    startCommand(params, this.#context).then(
      (command) => this.#run(stream, command),
      (error: unknown) => {
        if (error instanceof ExecError) endWithError(stream, error.code, error.message);
        else endWithError(stream, "SPAWN_FAILED", "The agent could not start the command.");
        stream.resume();
      },
    );
  }

  /** Resolves when no command runs any more, or after `limitMs`. Call it once their streams are closed. */
  async settled(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    await Promise.race([promise, Promise.all([...this.#sessions].map((session) => session.ended))]);
    clearTimeout(timer);
  }

  #run(stream: ServerHttp2Stream, command: Command): void {
    const session = new ExecSession(stream, command);
    this.#sessions.add(session);
    void session.ended.then(() => this.#sessions.delete(session));
  }
}
