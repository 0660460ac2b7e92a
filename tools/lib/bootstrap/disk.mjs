import { existsSync, statfsSync } from "node:fs";
import path from "node:path";

/**
 * Bytes an unprivileged user may still write in a folder, which need not exist yet.
 * @param {string} folder
 */
export function freeBytes(folder) {
  let existing = path.resolve(folder);
  while (!existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/**
 * The sentence for a disk with too little room; undefined when there is enough.
 * @param {{ folder: string, free: number, needed: number, hint?: string }} disk bytes
 * @returns {string | undefined}
 */
export function diskRefusal({ folder, free, needed, hint }) {
  if (free >= needed) return undefined;
  const remedy = hint ? `free some space or ${hint}` : "free some space";
  return `Berth needs ${gibibytes(needed)} of free disk space for ${folder} and there are ${gibibytes(free)}: ${remedy}.`;
}

/** @param {number} bytes */
function gibibytes(bytes) {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
