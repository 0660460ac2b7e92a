import { failure } from "./failures.ts";

/** Who an image's processes run as. */
export type ImageUser = {
  uid: number;
  gid: number;
  /** `undefined` for a number without an entry. */
  name: string | undefined;
  /** From /etc/passwd; not vetted. */
  home: string | undefined;
  shell: string | undefined;
};

type PasswdEntry = { name: string; uid: number; gid: number; home: string; shell: string };

/**
 * Resolves an image's USER the way the engine's runtime does: `user[:group]`, each a name or a number, empty meaning
 * root. Throws IMAGE_USER_UNKNOWN for a name without an entry; a number needs none.
 */
export function resolveImageUser(configUser: string, passwd: string, group: string): ImageUser {
  const [userPart = "", groupPart] = configUser.split(":", 2);
  const entry = findUser(userPart === "" ? "0" : userPart, passwd);
  const uid = entry?.uid ?? parseId(userPart === "" ? "0" : userPart);
  if (uid === undefined) {
    throw failure("IMAGE_USER_UNKNOWN", {
      message: `The image runs as “${userPart}”, a user that does not exist in it.`,
    });
  }
  const gid = groupPart === undefined || groupPart === "" ? (entry?.gid ?? 0) : findGroup(groupPart, group);
  if (gid === undefined) {
    throw failure("IMAGE_USER_UNKNOWN", {
      message: `The image runs with the group “${groupPart}”, which does not exist in it.`,
      fix: "Add the group to the image's /etc/group, or change its USER.",
    });
  }
  return { uid, gid, name: entry?.name, home: entry?.home || undefined, shell: entry?.shell || undefined };
}

function parseId(text: string): number | undefined {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return id !== undefined && id <= 0x7fff_ffff ? id : undefined;
}

function findUser(user: string, passwd: string): PasswdEntry | undefined {
  const uid = parseId(user);
  return passwdEntries(passwd).find((entry) => entry.name === user || entry.uid === uid);
}

function passwdEntries(passwd: string): PasswdEntry[] {
  return passwd.split("\n").flatMap((line) => {
    const [name, , uidText = "", gidText = "", , home = "", shell = ""] = line.trim().split(":");
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    return name && uid !== undefined && gid !== undefined ? [{ name, uid, gid, home, shell }] : [];
  });
}

function findGroup(group: string, groups: string): number | undefined {
  const wanted = parseId(group);
  for (const line of groups.split("\n")) {
    const [name, , gidText = ""] = line.trim().split(":");
    const gid = parseId(gidText);
    if (gid !== undefined && (name === group || gid === wanted)) return gid;
  }
  return wanted;
}
