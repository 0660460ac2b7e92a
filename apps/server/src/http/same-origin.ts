import type { IncomingMessage } from "node:http";
import { csrfHeader } from "@berth/api";
import { BerthError } from "../domain/berth-error.ts";

const refuse = () => new BerthError("CSRF_REFUSED", "Berth answers this only to its own pages.");

/** Where the request was sent to, in the terms of an `Origin` header. */
function ownOrigins(message: IncomingMessage, accessOrigin: string): string[] {
  const scheme = "encrypted" in message.socket ? "https" : "http";
  return [accessOrigin, `${scheme}://${message.headers.host ?? ""}`];
}

/** Refuses what a browser says another site has caused. Clients that are no browsers say nothing, and pass. */
export function refuseOtherSites(message: IncomingMessage, accessOrigin: string): void {
  const { origin, "sec-fetch-site": site } = message.headers;
  if (origin !== undefined && !ownOrigins(message, accessOrigin).includes(origin)) throw refuse();
  if (site !== undefined && site !== "same-origin" && site !== "none") throw refuse();
}

/** For changes in a cookie's name: the request must be provably our own page's. */
export function requireOwnPage(message: IncomingMessage, accessOrigin: string): void {
  refuseOtherSites(message, accessOrigin);
  if (message.headers[csrfHeader] === undefined) throw refuse();
}

/** For WebSockets in a cookie's name, where no header can be added, but browsers always send `Origin`. */
export function requireOwnOrigin(message: IncomingMessage, accessOrigin: string): void {
  if (message.headers.origin === undefined) throw refuse();
  refuseOtherSites(message, accessOrigin);
}
