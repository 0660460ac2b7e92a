/**
 * The parts of an npm lockfile this looks at. npm writes one of the same form into node_modules, of what it installed.
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lockfile
 */

/**
 * Why the packages have to be installed; undefined when node_modules is what the lockfile says.
 * @param {Lockfile} locked of package-lock.json
 * @param {Lockfile | undefined} installed of node_modules/.package-lock.json
 * @returns {"missing" | "changed" | undefined}
 */
export function installReason(locked, installed) {
  if (installed === undefined) return "missing";
  for (const [location, wanted] of Object.entries(locked.packages)) {
    if (!location.includes("node_modules/")) continue;
    const found = installed.packages[location];
    // Packages for other processors and systems are in the lockfile and never on this disk.
    if (found === undefined && wanted.optional) continue;
    if (found === undefined || found.version !== wanted.version || found.integrity !== wanted.integrity)
      return "changed";
  }
  return undefined;
}

/** @type {[RegExp, string][]} */
const npmFailures = [
  [/ENOSPC/, "The disk is full: free some space and start again."],
  [/EUSAGE|npm ci.*in sync/, "package.json and package-lock.json disagree: run npm install and start again."],
  [
    /E401|E403/,
    "The npm registry refused this machine: check the credentials in ~/.npmrc (npm whoami) and start again.",
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|CERT_/,
    "The npm registry's certificate is not trusted here: name your organization's CA file in NODE_EXTRA_CA_CERTS and start again.",
  ],
  [/EINTEGRITY/, "A package differs from what package-lock.json expects: run npm cache clean --force and start again."],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network/,
    "The npm registry cannot be reached: check the network and the proxy (npm config get registry) and start again.",
  ],
  [/EACCES|EPERM|EROFS/, "npm may not write to node_modules: check who owns this folder and start again."],
];

/**
 * The sentence for an installation that failed, from what npm wrote.
 * @param {string} output
 * @param {string} logFile where the whole of it is
 */
export function npmFailure(output, logFile) {
  const known = npmFailures.find(([pattern]) => pattern.test(output))?.[1];
  return known ? `${known} Details: ${logFile}` : `npm ci failed: see ${logFile}, mend it and start again.`;
}
