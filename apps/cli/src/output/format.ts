const units = ["B", "kB", "MB", "GB", "TB"];

/** Bytes as registries count them: powers of 1000, three digits at most. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A duration for people: `840 ms`, `3.2 s`, `4 min 12 s`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "";
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const ages: readonly (readonly [seconds: number, name: string])[] = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** How long ago, or in how long: `3 days ago`, `in 29 days`, `just now`; empty when there is no time. */
export function formatAge(time: string | null | undefined, now: Date): string {
  if (!time) return "";
  const seconds = (now.getTime() - new Date(time).getTime()) / 1000;
  const [size, name] = ages.find(([length]) => Math.abs(seconds) >= length) ?? [];
  if (size === undefined) return "just now";
  const count = Math.floor(Math.abs(seconds) / size);
  const span = `${count} ${name}${count === 1 ? "" : "s"}`;
  return seconds >= 0 ? `${span} ago` : `in ${span}`;
}

/** A digest short enough for a table, still unique in practice. */
export function shortDigest(digest: string | null | undefined): string {
  return digest ? digest.replace(/^(sha\d+:)([0-9a-f]{12})[0-9a-f]+$/, "$1$2") : "";
}

/** `2 CPU, 4 GiB memory, 10 GiB disk`. */
export function formatSizes(sizes: { cpu: number; memoryGb: number; diskGb: number }): string {
  return `${sizes.cpu} CPU, ${sizes.memoryGb} GiB memory, ${sizes.diskGb} GiB disk`;
}

/** `3 tags`, `1 tag`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
