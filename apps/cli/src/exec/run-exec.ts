import type { ExecParams } from "@berth/agent-protocol";
import { ApiError } from "@berth/api";
import { Interrupted, usageError } from "../errors/cli-error.ts";
import type { Io, OutputStream, SignalName } from "../io.ts";
import { visible, visibleText } from "../output/visible.ts";
import { connectExec } from "./connect.ts";
import { ExecSession } from "./session.ts";

export type ExecOptions = {
  io: Io;
  signal: AbortSignal;
  server: { url: string; token: string };
  workspace: { id: string; name: string };
  tty: boolean;
  term: string | undefined;
  /** `null` is the login shell. */
  command: string[] | null;
  env: Record<string, string>;
  cwd: string | undefined;
};

/** The last of them is not passed on. */
const MAX_SIGNALS = 3;

/** Runs a command in a workspace on this process's own streams, and gives its exit code. */
export async function runExec(options: ExecOptions): Promise<number> {
  const { io, signal, server, workspace } = options;
  const target = { server, workspaceId: workspace.id };
  const socket = await connectExec(target, paramsOf(options), signal).catch((error: unknown) => {
    throw withStartCommand(error, workspace.name);
  });
  const session = new ExecSession(socket);
  const left: { by: SignalName | undefined } = { by: undefined };
  const leave = (name: SignalName) => {
    left.by = name;
    session.close();
  };
  const undo = options.tty ? bindTerminal(io, session, leave) : bindSignals(io, session, leave);
  try {
    const ended = session.output(io.stdout, io.stderr);
    const { code, error } = await Promise.race([ended, failureOf(sendInput(io, session), ended)]);
    undo();
    // As a shell says that a command could not be run, with the code it gives then.
    if (error) io.stderr.write(`berth: ${visibleText(error.message)} (${visible(error.code)})\n`);
    return code;
  } catch (error) {
    throw left.by ? new Interrupted(left.by) : error;
  } finally {
    session.close();
    undo();
  }
}

/** Fails when the input fails; otherwise leaves the ending to the output. */
async function failureOf<T>(sent: Promise<void>, ended: Promise<T>): Promise<T> {
  await sent;
  return ended;
}

function sizeOf(stream: OutputStream): { columns: number; rows: number } {
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}

function paramsOf({ io, tty, term, command, env, cwd }: ExecOptions): ExecParams {
  const terminal = { ...sizeOf(io.stdout), term: term && /^[\w.+-]{1,64}$/.test(term) ? term : "xterm-256color" };
  if (cwd === "") throw usageError("The directory of --workdir is empty.");
  return {
    command,
    ...(tty ? { tty: terminal } : {}),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

async function sendInput({ stdin }: Io, session: ExecSession): Promise<void> {
  for await (const chunk of stdin) {
    await session.send({ type: "stdin", data: typeof chunk === "string" ? Buffer.from(chunk) : chunk });
  }
  await session.send({ type: "stdin-end" });
}

type Leave = (name: SignalName) => void;

/**
 * Signals go to the command. Who asks three times in vain gets out, and so does who asks while the command takes no
 * input: the signal would wait behind it. The command is hung up on then.
 */
function bindSignals(io: Io, session: ExecSession, leave: Leave): () => void {
  let signals = 0;
  return io.onSignal((name) => {
    signals += 1;
    if (signals >= MAX_SIGNALS || session.isHeldUp) return leave(name);
    session.send({ type: "signal", name }).catch(() => leave(name));
  });
}

/** The local terminal becomes a plain wire: keys, Ctrl-C among them, go to the far terminal, which follows our size. */
function bindTerminal(io: Io, session: ExecSession, leave: Leave): () => void {
  const { stdin, stdout } = io;
  const isRaw = Boolean(stdin.isTTY);
  const onResize = () => {
    session.send({ type: "resize", ...sizeOf(stdout) }).catch(() => session.close());
  };
  if (isRaw) stdin.setRawMode?.(true);
  stdout.on("resize", onResize);
  const stopListening = io.onSignal(leave);
  return () => {
    stdout.off("resize", onResize);
    stopListening();
    if (isRaw) stdin.setRawMode?.(false);
  };
}

/** A stopped workspace is the usual reason; the command to start it is the fix. */
function withStartCommand(error: unknown, name: string): unknown {
  if (!(error instanceof ApiError) || error.problem.code !== "WORKSPACE_NOT_RUNNING") return error;
  return new ApiError({ ...error.problem, fix: { text: "Start it:", command: `berth ws start ${name} --wait` } });
}
