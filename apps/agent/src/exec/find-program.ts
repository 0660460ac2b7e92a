import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { ExecError } from "./exec-error.ts";

type Found = "program" | "not-executable" | "absent";

function look(file: string): Found {
  try {
    if (!statSync(file).isFile()) return "not-executable";
    accessSync(file, constants.X_OK);
    return "program";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "not-executable" : "absent";
  }
}

/**
 * Finds the file a command names, as a shell does: by PATH, or by path when it has a slash.
 * Throws COMMAND_NOT_FOUND or COMMAND_NOT_EXECUTABLE, in words, since execve's own error names neither file nor cause.
 */
export function findProgram(name: string, searchPath: string, cwd: string): string {
  if (name === "") throw new ExecError("COMMAND_NOT_FOUND", "The command is empty.");
  const isPath = name.includes("/");
  const candidates = isPath
    ? [path.resolve(cwd, name)]
    : searchPath.split(":").map((directory) => path.resolve(cwd, directory, name));
  let blocked: string | undefined;
  for (const file of candidates) {
    const found = look(file);
    if (found === "program") return checkInterpreter(file);
    if (found === "not-executable" && (isPath || !isDirectory(file))) blocked ??= file;
  }
  if (blocked !== undefined) {
    const why = isDirectory(blocked) ? "is a directory" : "is not executable for this user";
    throw new ExecError("COMMAND_NOT_EXECUTABLE", `${blocked} ${why}.`);
  }
  const where = isPath ? "in this workspace" : "in this workspace's PATH";
  throw new ExecError("COMMAND_NOT_FOUND", `There is no program "${name}" ${where}.`);
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A script whose interpreter is missing fails with "no such file", which reads as if the script were missing. */
function checkInterpreter(file: string): string {
  const interpreter = interpreterOf(file);
  if (interpreter !== undefined && look(interpreter) === "absent") {
    throw new ExecError("COMMAND_NOT_EXECUTABLE", `${file} needs ${interpreter}, which this workspace does not have.`);
  }
  return file;
}

function interpreterOf(file: string): string | undefined {
  const head = Buffer.alloc(256);
  try {
    const fd = openSync(file, "r");
    try {
      readSync(fd, head, 0, head.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // Executable without being readable: the kernel knows better.
  }
  return /^#![ \t]*(\/[^ \t\n\0]*)/.exec(head.toString("latin1"))?.[1];
}
