import { accessSync, constants } from "node:fs";
import path from "node:path";
import type { ExecParams } from "@berth/agent-protocol";
import type { Identity } from "../identity.ts";
import { isDirectory, isExecutable } from "../identity.ts";
import type { Command, CommandSpec } from "./command.ts";
import { ExecError } from "./exec-error.ts";
import { findProgram } from "./find-program.ts";
import { startPiped } from "./piped-command.ts";
import type { PipeMaker } from "./pipes.ts";
import type { PtyBinding } from "./pty-binding.ts";
import { startOnTerminal } from "./terminal-command.ts";

export type ExecContext = {
  identity: Identity;
  /** What every command sees, before its own additions. */
  env: Readonly<Record<string, string>>;
  pty(): PtyBinding;
  pipes: PipeMaker;
};

/** Starts what the parameters ask for. Throws `ExecError`. */
export async function startCommand(params: ExecParams, context: ExecContext): Promise<Command> {
  const spec = buildSpec(params, context);
  if (params.tty === undefined) return startPiped(spec, context.pipes);
  return startOnTerminal(spec, params.tty, context.pty());
}

function buildSpec(params: ExecParams, { identity, env: base }: ExecContext): CommandSpec {
  const cwd = chooseCwd(params.cwd, identity.cwd);
  const env: Record<string, string> = { ...base, ...params.env, PWD: cwd };
  if (params.tty !== undefined) env.TERM = params.tty.term;
  if (params.command === null) {
    const file = identity.shell;
    if (!isExecutable(file)) throw new ExecError("USER_SHELL_MISSING", `The login shell ${file} does not exist.`);
    return { file, argv0: `-${path.basename(file)}`, args: ["-l"], cwd, env };
  }
  const [name = "", ...args] = params.command;
  return { file: findProgram(name, env.PATH ?? "", cwd), argv0: name, args, cwd, env };
}

function chooseCwd(wanted: string | undefined, standard: string): string {
  const cwd = path.resolve(standard, wanted ?? ".");
  if (isUsable(cwd)) return cwd;
  if (wanted === undefined) return "/";
  throw new ExecError("CWD_NOT_FOUND", `The directory ${cwd} does not exist or may not be entered.`);
}

function isUsable(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK);
    return isDirectory(directory);
  } catch {
    return false;
  }
}
