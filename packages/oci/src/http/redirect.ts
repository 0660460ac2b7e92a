import { RegistryError } from "../errors.ts";

/** Decides whether a redirect may be followed. It is asked for every hop, after the rules nobody may relax. */
export type RedirectPolicy = (hop: { from: URL; to: URL }) => boolean;

/** Follows nothing. */
export const refuseRedirects: RedirectPolicy = () => false;

/** Follows only to the same scheme, host and port. */
export const sameOriginRedirects: RedirectPolicy = ({ from, to }) => from.origin === to.origin;

/** Follows to the given hosts (`host` or `host:port`, compared exactly) and within the same origin. */
export function redirectsTo(hosts: readonly string[]): RedirectPolicy {
  return ({ from, to }) => from.origin === to.origin || hosts.includes(to.host);
}

/** Where a redirect leads, if it may be followed; throws REDIRECT_FORBIDDEN. */
export function nextHop(from: URL, location: string | undefined, policy: RedirectPolicy): URL {
  const to = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isDowngrade = from.protocol === "https:" && to?.protocol !== "https:";
  if (to === undefined || isDowngrade || to.username !== "" || to.password !== "" || !policy({ from, to })) {
    // Its query may be a presigned secret, so only the origin is told.
    throw new RegistryError("REDIRECT_FORBIDDEN", { host: from.host, ...(to && { url: to.origin }) });
  }
  return to;
}

const credentialHeader = /^(?:authorization|cookie|proxy-authorization|x-amz-.*|x-registry-.*)$/i;

/** The headers that may travel to `to`: on another origin, none that carries a credential. */
export function headersFor(from: URL, to: URL, headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(
    from.origin === to.origin ? entries : entries.filter(([name]) => !credentialHeader.test(name)),
  );
}
