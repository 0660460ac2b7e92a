import { createRequire } from "node:module";

/**
 * The native part of node-pty. It is used directly: the JavaScript around it drops what is unread 200 ms after the
 * process ends, which loses output whenever the reader is slower than that.
 */
export interface PtyBinding {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    isUtf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
  resize(fd: number, columns: number, rows: number): void;
}

/** Loads the binding when the first terminal is opened, so that an agent without terminals does not pay for it. */
export function lazyPtyBinding(file: string): () => PtyBinding {
  let binding: PtyBinding | undefined;
  return () => {
    binding ??= createRequire(import.meta.url)(file) as PtyBinding;
    return binding;
  };
}
