import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

/** The three standard streams of a command to come: file descriptors for it, and for us. */
export type Pipes = { child: [number, number, number]; parent: [number, number, number] };

/**
 * Makes real pipes. Node itself gives children sockets, and Linux refuses to open those again by name: a script's
 * `> /dev/stderr` would fail. Named pipes do what pipes do, and lose their names as soon as they are open.
 */
export class PipeMaker {
  readonly #mkfifo: readonly string[];
  readonly #directories: readonly string[];
  #spare: Promise<Pipes | undefined> | undefined;

  /** `mkfifo` is the program that makes named pipes; `directories` are tried in order. */
  constructor(mkfifo: readonly string[], directories: readonly string[]) {
    this.#mkfifo = mkfifo;
    this.#directories = directories;
  }

  /** Gives three open pipes, made beforehand if possible; `undefined` where no directory can be written to. */
  async take(): Promise<Pipes | undefined> {
    const spare = this.#spare;
    this.#spare = undefined;
    const pipes = await (spare ?? this.#make());
    if (pipes !== undefined) this.#spare ??= this.#make();
    return pipes;
  }

  async #make(): Promise<Pipes | undefined> {
    for (const directory of this.#directories) {
      const pipes = await this.#makeIn(directory).catch(() => undefined);
      if (pipes !== undefined) return pipes;
    }
    return undefined;
  }

  async #makeIn(directory: string): Promise<Pipes> {
    const prefix = path.join(directory, `.berth-${randomUUID()}`);
    const names = [`${prefix}-0`, `${prefix}-1`, `${prefix}-2`] as const;
    const [program = "", ...args] = this.#mkfifo;
    const opened: number[] = [];
    try {
      await promisify(execFile)(program, [...args, "-m", "600", ...names], { timeout: 5000 });
      const [stdin, stdout, stderr] = names;
      return {
        parent: [openWriter(stdin, opened), openReader(stdout, opened), openReader(stderr, opened)],
        // Their other ends are open, so these do not wait; unlike ours they block, as programs expect.
        child: [
          openEnd(stdin, constants.O_RDONLY, opened),
          openEnd(stdout, constants.O_WRONLY, opened),
          openEnd(stderr, constants.O_WRONLY, opened),
        ],
      };
    } catch (error) {
      closeAll(opened);
      throw error;
    } finally {
      for (const name of names) rmSync(name, { force: true });
    }
  }
}

export function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) closeSync(fd);
}

function openEnd(name: string, flags: number, opened: number[]): number {
  const fd = openSync(name, flags);
  opened.push(fd);
  return fd;
}

function openReader(name: string, opened: number[]): number {
  return openEnd(name, constants.O_RDONLY | constants.O_NONBLOCK, opened);
}

/** A named pipe opens for writing without waiting only when it has a reader: for a moment, this process is one. */
function openWriter(name: string, opened: number[]): number {
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return openEnd(name, constants.O_WRONLY | constants.O_NONBLOCK, opened);
  } finally {
    closeSync(reader);
  }
}
