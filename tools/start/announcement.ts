import type { SandboxReady } from "./sandbox.ts";
import type { ServerReady } from "./server.ts";

/** What `npm start` prints when everything is up; scripts read these lines, so their words stay as they are. */
export function announcement(server: ServerReady, sandbox: SandboxReady): string {
  const lines = [
    `Berth: ${server.url.replace(/\/$/, "")}`,
    ...(server.setupUrl ? [`Set-up: ${server.setupUrl}`] : []),
    `Registry: ${sandbox.registry}`,
    `Access key ID: ${sandbox.accessKeyId}`,
    `Secret access key: ${sandbox.secretAccessKey}`,
  ];
  return `${lines.join("\n")}\n`;
}
