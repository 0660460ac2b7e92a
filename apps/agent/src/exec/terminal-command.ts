import { constants } from "node:os";
import { ReadStream } from "node:tty";
import type { TerminalSize } from "@berth/agent-protocol";
import { type Command, type CommandExit, type CommandSpec, signalGroup } from "./command.ts";
import { ExecError } from "./exec-error.ts";
import type { PtyBinding } from "./pty-binding.ts";

/** Control-D, the terminal's end of file. */
const VEOF = Uint8Array.of(4);

/** Starts a command on a new pseudo-terminal, which becomes its controlling terminal. Throws `ExecError`. */
export function startOnTerminal(spec: CommandSpec, size: TerminalSize, pty: PtyBinding): Command {
  const { promise: exited, resolve } = Promise.withResolvers<CommandExit>();
  const { fd, pid } = fork(spec, size, pty, (code, signal) => resolve(exitOf(code, signal)));
  const terminal = new ReadStream(fd);
  let isOpen = true;
  // EIO: the last process on the terminal is gone, which ends it as end of file ends a pipe.
  terminal.on("error", () => terminal.destroy());
  terminal.once("close", () => {
    isOpen = false;
    terminal.emit("drain");
  });
  return {
    outputs: [{ type: "stdout", stream: terminal }],
    exited,
    writeInput: (data) => !isOpen || terminal.write(data),
    onInputDrain: (callback) => terminal.on("drain", callback),
    endInput: () => void (isOpen && terminal.write(VEOF)),
    resize(to) {
      if (isOpen) pty.resize(fd, to.columns, to.rows);
    },
    signal: (name) => signalGroup(pid, `SIG${name}`),
    release: () => void terminal.destroy(),
  };
}

function fork(spec: CommandSpec, size: TerminalSize, pty: PtyBinding, onExit: (code: number, signal: number) => void) {
  const env = Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);
  try {
    return pty.fork(spec.file, spec.args, env, spec.cwd, size.columns, size.rows, -1, -1, true, "", onExit);
  } catch (cause) {
    throw new ExecError("TERMINAL_UNAVAILABLE", "This workspace cannot open a terminal: it has no usable /dev/ptmx.", {
      cause,
    });
  }
}

function exitOf(code: number, signal: number): CommandExit {
  if (signal === 0) return { code };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { code: 128 + signal, signal: name ?? `SIG${signal}` };
}
