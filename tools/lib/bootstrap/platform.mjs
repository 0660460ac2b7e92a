// Plain JavaScript that an old Node can read: this runs before anything is installed.
import process from "node:process";

/**
 * What the decision needs to know of a machine.
 * @typedef {{ platform: string, arch: string, isGlibc: boolean, nodeVersion: string }} PlatformFacts
 */

const oldestNode = 20;

/** @returns {PlatformFacts} */
export function readPlatform() {
  const { platform, arch, versions } = process;
  // glibc names its version in Node's own report; musl has none.
  const report = platform === "linux" ? process.report?.getReport() : undefined;
  const header = /** @type {{ header?: { glibcVersionRuntime?: string } } | undefined} */ (report)?.header;
  return { platform, arch, isGlibc: header?.glibcVersionRuntime !== undefined, nodeVersion: versions.node };
}

/**
 * The sentence that tells why Berth cannot run on this machine and what to do; undefined when it can.
 * @param {PlatformFacts} facts
 * @returns {string | undefined}
 */
export function platformRefusal({ platform, arch, isGlibc, nodeVersion }) {
  if (platform === "darwin")
    return "Berth runs on Linux: on macOS, start it inside a Debian virtual machine (for example with Lima or UTM).";
  if (platform === "win32")
    return "Berth runs on Linux: on Windows, start it inside WSL 2 with Debian (wsl --install -d Debian).";
  if (platform !== "linux") return `Berth runs on Linux, not on ${platform}: start it on a Linux machine.`;
  if (arch !== "x64" && arch !== "arm64")
    return `Berth runs on x64 and arm64 processors, not on ${arch}: start it on another machine.`;
  if (!isGlibc)
    return "Berth needs a Linux with glibc, and this one (Alpine?) has musl: start it on Debian, Ubuntu or Fedora.";
  if (Number.parseInt(nodeVersion, 10) < oldestNode)
    return `Berth needs Node ${oldestNode} or newer to start, and this is ${nodeVersion}: install a newer one from nodejs.org.`;
  return undefined;
}
