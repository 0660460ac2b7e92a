import path from "node:path";

/** Where home is when the image names no place fit for it. */
export const fallbackHome = "/home/berth";

/** Mounting a volume on one of these, or below, would hide or trap parts of the system. */
const systemTrees = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/proc",
  "/run",
  "/sbin",
  "/sys",
  "/usr",
];
/** These themselves are shared places; a directory below them may well be a home, e.g. /var/lib/postgresql. */
const sharedDirectories = [
  "/",
  "/home",
  "/media",
  "/mnt",
  "/nonexistent",
  "/opt",
  "/srv",
  "/tmp",
  "/var",
  "/var/empty",
  "/var/run",
];

/** Chooses home: the image's HOME, else its user's from /etc/passwd, else `/home/berth`; never a system directory. */
export function homeDirectory(
  image: { envHome: string | undefined; passwdHome: string | undefined },
  mountPath: string,
): string {
  for (const candidate of [image.envHome, image.passwdHome]) {
    const home = normalized(candidate);
    if (home !== undefined && isFit(home, mountPath)) return home;
  }
  return fallbackHome;
}

/** Whether `inner` lies below `outer`. */
export function isInside(inner: string, outer: string): boolean {
  return inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
}

function normalized(candidate: string | undefined): string | undefined {
  // Anything but printable text without a colon would be misread further on, by the engine or by a shell.
  if (candidate === undefined || !/^\/[^\p{Cc}:]*$/u.test(candidate) || candidate.length > 1024) return undefined;
  const clean = path.posix.normalize(candidate);
  return clean.length > 1 ? clean.replace(/\/+$/, "") : clean;
}

function isFit(home: string, mountPath: string): boolean {
  if (sharedDirectories.includes(home)) return false;
  return ![...systemTrees, mountPath].some((tree) => home === tree || isInside(home, tree));
}
