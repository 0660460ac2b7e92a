/** The shell that comes with the agent: works in an image that has none. */
export const OWN_SHELL = "/.berth/bin/sh";

/** Accounts that are not meant to log in still get a shell: whoever opens their workspace is meant to be there. */
const refusals = new Set(["nologin", "false", "true", "sync"]);

/** Chooses the login shell: the user's own, else bash, else sh, else the one the agent brings. */
export function chooseShell(passwdShell: string | undefined, isExecutable: (path: string) => boolean): string {
  const isOwn = passwdShell?.startsWith("/") && !refusals.has(passwdShell.slice(passwdShell.lastIndexOf("/") + 1));
  const candidates = [...(isOwn && passwdShell ? [passwdShell] : []), "/bin/bash", "/bin/sh"];
  return candidates.find(isExecutable) ?? OWN_SHELL;
}
