import type { Client } from "@berth/api";
import type { Group } from "./command-tree.ts";
import type { Environment } from "./environment.ts";
import { type Io, writeAll } from "./io.ts";
import { type Style, styleFor } from "./output/style.ts";
import { visibleJson } from "./output/visible.ts";
import type { OutputFormat } from "./program.ts";
import type { Session } from "./session.ts";

/** Where berth is installed, and what else it can start. */
export type Installation = { version: string; packageRoot: string; node: string; hostname: string };

/** Everything a command may use. */
export type Context = {
  io: Io;
  environment: Environment;
  installation: Installation;
  /** Every command there is, for what is made from them. */
  commands: Group;
  output: OutputFormat;
  /** `--url`, when given. */
  url: string | undefined;
  /** Aborted by the first signal, with `Interrupted` as its reason. */
  signal: AbortSignal;
  style: { out: Style; err: Style };
  /** Signs in with what is saved, once. Throws SIGN_IN_REQUIRED. */
  session(): Promise<Session>;
  client(): Promise<Client>;
  /** Prints a result: the API's own object as JSON, or for people. */
  show<T>(value: T, render: (value: T) => string): Promise<void>;
  /** Prints one JSON value on a line, for streams. */
  showLine(value: unknown): Promise<void>;
  /** Says something beside the result, on stderr; silent with `--output json`. */
  note(text: string): Promise<void>;
  /** The exit code of a command that succeeded in running but has bad news. */
  setExitCode(code: number): void;
};

type Options = Pick<
  Context,
  "io" | "environment" | "installation" | "commands" | "output" | "url" | "signal" | "setExitCode"
>;

/** Puts a context together; the session is opened by the first command that asks for it. */
export function createContext(options: Options): Context {
  const { io, environment, output } = options;
  let opened: Promise<Session> | undefined;
  const session = () => {
    opened ??= (async () => {
      const { findCredential, openClient } = await import("./session.ts");
      const credential = await findCredential(environment, options.url);
      return { ...credential, client: await openClient(credential.url, credential.token) };
    })();
    return opened;
  };
  return {
    ...options,
    style: { out: styleFor(io.stdout, environment), err: styleFor(io.stderr, environment) },
    session,
    client: async () => (await session()).client,
    show: (value, render) => writeAll(io.stdout, output === "json" ? `${visibleJson(value)}\n` : render(value)),
    showLine: (value) => writeAll(io.stdout, `${visibleJson(value, 0)}\n`),
    note: (text) => (output === "json" ? Promise.resolve() : writeAll(io.stderr, text)),
  };
}
