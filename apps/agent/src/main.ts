import path from "node:path";
import { AGENT_PROTOCOL } from "@berth/agent-protocol";
import { parseConfig } from "./config.ts";
import { keepDialling } from "./dial.ts";
import { composeEnvironment } from "./environment.ts";
import { ExecResource } from "./exec/exec-resource.ts";
import { PipeMaker } from "./exec/pipes.ts";
import { lazyPtyBinding } from "./exec/pty-binding.ts";
import { readIdentity } from "./identity.ts";
import { serve } from "./serve.ts";
import { AGENT_VERSION } from "./version.ts";

const log = (message: string) => void process.stderr.write(`berth-agent: ${message}\n`);
const startedAt = new Date().toISOString();
const config = parseConfig(process.env);
const identity = readIdentity({
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  home: process.env.HOME,
  cwd: process.cwd(),
});
const exec = new ExecResource({
  identity,
  env: composeEnvironment({ ...identity, inherited: process.env, restore: config.restoreEnv }),
  pipes: new PipeMaker(["/.berth/bin/busybox", "mkfifo"], ["/dev/shm", "/tmp", "/run", identity.home]),
  pty: lazyPtyBinding(path.join(import.meta.dirname, "pty.node")),
});

const stop = new AbortController();
// SIGQUIT too, which a shell's background jobs begin with ignored: what this process catches, its children do not inherit.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) process.on(signal, () => stop.abort());

await keepDialling({
  url: config.url,
  token: config.token,
  version: AGENT_VERSION,
  signal: stop.signal,
  random: Math.random,
  keepAliveMs: 15_000,
  log,
  serve: (ws) =>
    serve(ws, {
      info: () => ({ version: AGENT_VERSION, protocol: AGENT_PROTOCOL, pid: process.pid, startedAt, ...identity }),
      exec: (stream, header) => exec.open(stream, header),
    }),
});
// Commands have been hung up on with the connection; those that clean up get a moment.
await exec.settled(2000);
process.exit(0);
