import { spawn } from "@lydell/node-pty";

/** Runs a command on a terminal, as a person would; resolves with the first byte it shows, in ms after the start. */
export function firstByteOf(command: string, args: string[]): Promise<{ ms: number; end(): Promise<void> }> {
  const started = performance.now();
  const terminal = spawn(command, args, { name: "xterm-256color", cols: 80, rows: 24 });
  const ended = new Promise<void>((resolve) => terminal.onExit(() => resolve()));
  return new Promise((resolve, reject) => {
    terminal.onExit(({ exitCode }) => reject(new Error(`${command} ${args.join(" ")} ended with ${exitCode}`)));
    terminal.onData(() => {
      resolve({
        ms: performance.now() - started,
        async end() {
          terminal.kill("SIGKILL");
          await ended;
        },
      });
    });
  });
}
