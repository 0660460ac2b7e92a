import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { type Command, type CommandExit, type CommandSpec, signalGroup } from "./command.ts";
import { ExecError } from "./exec-error.ts";

/** Starts a command on pipes, in a session and process group of its own. Throws `ExecError`. */
export async function startPiped(spec: CommandSpec): Promise<Command> {
  const child = await spawnChild(spec);
  const { stdin, stdout, stderr, pid } = child;
  if (!stdin || !stdout || !stderr || pid === undefined)
    throw new ExecError("SPAWN_FAILED", "The command has no pipes.");
  const exited = new Promise<CommandExit>((resolve) => {
    child.once("exit", (code, signal) => {
      if (signal === null) resolve({ code: code ?? 255 });
      else resolve({ code: 128 + constants.signals[signal], signal });
    });
  });
  let isInputOpen = true;
  // EPIPE: the command has closed its stdin, which is its right. What follows is dropped.
  stdin.on("error", () => {
    isInputOpen = false;
    stdin.emit("drain");
  });
  return {
    outputs: [
      { type: "stdout", stream: stdout },
      { type: "stderr", stream: stderr },
    ],
    exited,
    writeInput: (data) => !isInputOpen || stdin.write(data),
    onInputDrain: (callback) => stdin.on("drain", callback),
    endInput() {
      if (isInputOpen) stdin.end();
      isInputOpen = false;
    },
    resize() {},
    signal: (name) => signalGroup(pid, `SIG${name}`),
    release() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
  };
}

function spawnChild(spec: CommandSpec): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(explain(cause, spec.file));
    try {
      const { file, args, argv0, cwd, env } = spec;
      const child = spawn(file, args, { argv0, cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
      child.once("error", fail);
      child.once("spawn", () => resolve(child));
    } catch (error) {
      fail(error as NodeJS.ErrnoException);
    }
  });
}

/** The file was found before, so "no such file" speaks of what the file itself needs. */
function explain(cause: NodeJS.ErrnoException, file: string): ExecError {
  const reasons: Record<string, string> = {
    ENOENT: `${file} needs a loader or library path this workspace does not have: it was built for another system.`,
    ENOEXEC: `${file} is not a program for this processor.`,
    EACCES: `${file} is not executable for this user.`,
  };
  const reason = reasons[cause.code ?? ""];
  if (reason !== undefined) return new ExecError("COMMAND_NOT_EXECUTABLE", reason, { cause });
  const why = cause.code === "E2BIG" ? "its arguments and variables are too long" : (cause.code ?? "unknown error");
  return new ExecError("SPAWN_FAILED", `The system refused to start ${file}: ${why}.`, { cause });
}
