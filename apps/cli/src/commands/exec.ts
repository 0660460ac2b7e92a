import { argument, defineCommand, flag, text, texts } from "../command.ts";
import { exitCodes, usageError } from "../errors/cli-error.ts";
import { findWorkspace, workspaceName } from "../lookup/workspace.ts";

export const command = defineCommand({
  summary: "Run a command in a workspace",
  description:
    "What follows -- runs as it is, with no shell in between; without it, your login shell. Input, output and errors are passed on byte for byte, and the command's exit code is returned. Failures of Berth return 255.",
  arguments: { workspace: argument("workspace", "name, owner/name, or id") },
  rest: "command...",
  failureExitCode: exitCodes.execFailed,
  options: {
    tty: flag("-t, --tty", "run on a terminal; the default without a command when there is one here"),
    env: texts("-e, --env <KEY=VALUE>", "set a variable; may be given several times"),
    cwd: text("-w, --workdir <dir>", "start in this directory"),
  },
  examples: [
    { text: "Run a command and get its exit code", command: "berth exec dev -- sh -c 'echo $((6*7))'" },
    { text: "Open a shell", command: "berth exec dev" },
    { text: "An editor, in another directory", command: "berth exec dev -t -w /src -- vi README.md" },
    { text: "Copy a directory into the workspace", command: "tar c project | berth exec dev -- tar x" },
  ],
  async run(context, { arguments: { workspace: typed }, options, rest }) {
    const { io, environment, signal } = context;
    const env = variablesOf(options.env);
    const { client, url, token } = await context.session();
    // Loaded while the server is asked: neither waits for the other.
    const [workspace, { runExec }] = await Promise.all([
      findWorkspace(client, typed, signal),
      import("../exec/run-exec.ts"),
    ]);
    const isInteractive = rest.length === 0 && Boolean(io.stdin.isTTY && io.stdout.isTTY);
    const code = await runExec({
      io,
      signal,
      server: { url, token },
      workspace: { id: workspace.id, name: workspaceName(workspace, typed) },
      tty: options.tty || isInteractive,
      term: environment.term,
      command: rest.length === 0 ? null : [...rest],
      env,
      cwd: options.cwd,
    });
    context.setExitCode(code);
  },
});

/** `KEY=VALUE` pairs as a record; the last of a key holds. Throws USAGE. */
export function variablesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw usageError(`${pair} is not a variable.`, { text: "Write it as KEY=VALUE." });
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
