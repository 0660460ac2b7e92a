/** One line of passwd(5), as far as a workspace needs it. */
export type PasswdEntry = { name: string; uid: number; gid: number; home: string; shell: string };

/** Finds a uid's first entry in the text of /etc/passwd; broken lines are passed over, as libc does. */
export function findPasswdEntry(text: string, uid: number): PasswdEntry | undefined {
  for (const line of text.split("\n")) {
    const [name, , uidText, gidText, , home, shell] = line.split(":");
    if (!name || name.startsWith("#") || !/^\d+$/.test(uidText ?? "") || Number(uidText) !== uid) continue;
    return { name, uid, gid: Number(gidText ?? uid), home: home ?? "", shell: (shell ?? "").trim() };
  }
  return undefined;
}
