import { CliError, usageError } from "../errors/cli-error.ts";

const isLoopbackHost = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Understands what people paste as Berth's address; the origin alone counts. Throws USAGE. */
export function parseServerUrl(text: string): string {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const isLocal = /^(localhost|[\w.-]+\.localhost|127\.[\d.]+|\[::1\])(:|\/|$)/i.test(text);
  const candidate = hasScheme ? text : `${isLocal ? "http" : "https"}://${text}`;
  const url = URL.canParse(candidate) ? new URL(candidate) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !url.hostname) {
    throw usageError(`${text} is not the URL of a Berth server.`, {
      text: "Give it as the server prints it.",
      command: "berth login http://localhost:7080 --email you@example.com",
    });
  }
  return url.origin;
}

/** Refuses to send a password where others on the way could read it. Throws INSECURE_URL. */
export function requireSecure(url: string, isInsecureAllowed: boolean): void {
  const { protocol, hostname, host } = new URL(url);
  if (protocol === "https:" || isLoopbackHost(hostname) || isInsecureAllowed) return;
  throw new CliError("invalid", {
    code: "INSECURE_URL",
    title: "The connection would not be encrypted",
    detail: `${url} is not encrypted: your password and token would cross the network in the clear.`,
    fix: {
      text: `Use https, or add --insecure-http when you trust every network on the way.`,
      command: `berth login https://${host}`,
    },
  });
}
