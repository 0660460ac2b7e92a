import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import type { AgentRuntime } from "../context.ts";
import { packTar } from "../tar.ts";

/** Stands where the agent's supervisor stands: says that it is up, ends with the code it is told, or on TERM. */
const supervise = `
trap 'echo terminated; exit 0' TERM
echo "up $BERTH_AGENT_URL"
while :; do
  if [ -f /tmp-exit/code ]; then exit "$(/.berth/bin/busybox cat /tmp-exit/code)"; fi
  /.berth/bin/busybox sleep 0.05
done
`;

/** An agent runtime that is nothing but a static busybox and a loop. */
export function testRuntime(version = "test-1", openTar: () => Readable = openTestTar): AgentRuntime {
  return {
    version,
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    entrypoint: ["/.berth/bin/busybox", "sh", "/.berth/supervise.sh"],
    mountPath: "/.berth",
    openTar,
  };
}

function openTestTar(): Readable {
  const files = packTar([
    { name: "bin/", type: "directory", mode: 0o755 },
    { name: "bin/busybox", mode: 0o755, body: readFileSync("/bin/busybox") },
    { name: "supervise.sh", mode: 0o755, body: supervise },
  ]);
  return Readable.from(
    (async function* () {
      yield await files;
    })(),
  );
}
