import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { findPasswdEntry } from "./passwd.ts";
import { chooseShell } from "./shell.ts";

/** Who the workspace's processes are and where they start. */
export type Identity = { user: string; uid: number; gid: number; home: string; shell: string; cwd: string };

/** Whether a file can be run by this process. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a directory exists. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The directory commands start in: the image's WORKDIR, or home when it has none. */
export function chooseDirectory(cwd: string, home: string, exists: (path: string) => boolean): string {
  return cwd === "/" && exists(home) ? home : cwd;
}

export type ProcessFacts = { uid: number; gid: number; home: string | undefined; cwd: string };

/** Looks the user up in the image; a uid without an entry, or an image without /etc/passwd, is fine. */
export function readIdentity(process: ProcessFacts): Identity {
  const entry = findPasswdEntry(readText("/etc/passwd"), process.uid);
  const home = process.home || entry?.home || "/";
  return {
    user: entry?.name ?? String(process.uid),
    uid: process.uid,
    gid: process.gid,
    home,
    shell: chooseShell(entry?.shell, isExecutable),
    cwd: chooseDirectory(process.cwd, home, isDirectory),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
