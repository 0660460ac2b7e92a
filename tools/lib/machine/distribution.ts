/** What matters of a Linux distribution: whether apt installs on it, and from which release. */
export type Distribution = { id: string; codename: string; isDebianLike: boolean };

/** Reads /etc/os-release (https://www.freedesktop.org/software/systemd/man/os-release.html). */
export function parseDistribution(osRelease: string): Distribution {
  const values = new Map(
    osRelease.split("\n").flatMap((line): [string, string][] => {
      const match = /^([A-Z_]+)=(.*)$/.exec(line.trim());
      return match?.[1] ? [[match[1], (match[2] ?? "").replace(/^(["'])(.*)\1$/, "$2")]] : [];
    }),
  );
  const id = values.get("ID") ?? "unknown";
  const family = [id, ...(values.get("ID_LIKE") ?? "").split(" ")];
  return {
    id,
    codename: values.get("VERSION_CODENAME") ?? "",
    isDebianLike: family.includes("debian") || family.includes("ubuntu"),
  };
}
