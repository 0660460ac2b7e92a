import { randomBytes, randomInt } from "node:crypto";
import { AwsError } from "../aws-error.ts";
import type { Clock } from "../clock.ts";
import type { Change } from "../state/journal.ts";
import type { Tables } from "../state/tables.ts";
import { type AccessKeyRecord, allKeys, type IdentityTables, type UserRecord } from "./records.ts";

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An id in AWS's form: four letters that tell the kind, then capitals and digits 2–7. */
export function makeId(prefix: string, length: number): string {
  return prefix + Array.from({ length: length - prefix.length }, () => base32[randomInt(32)]).join("");
}

/** A pair of key id and secret, with the user it belongs to. */
export type AccessKey = { accessKeyId: string; secretAccessKey: string; userName: string; account: string };

export function noSuchEntity(message: string): AwsError {
  return new AwsError("NoSuchEntity", message, 404);
}

/** Users and their access keys. Every method is one transaction. */
export class IdentityStore {
  readonly tables: IdentityTables;
  readonly #state: Tables;
  readonly #clock: Clock;

  constructor(tables: IdentityTables, state: Tables, clock: Clock) {
    this.tables = tables;
    this.#state = state;
    this.#clock = clock;
  }

  commit(...changes: Change[]): void {
    this.#state.commit(...changes);
  }

  now(): number {
    return this.#clock.now();
  }

  userArn(account: string, user: UserRecord): string {
    return `arn:aws:iam::${account}:user${user.path}${user.name}`;
  }

  findUser(account: string, name: string): UserRecord | undefined {
    return this.tables.users.get(account, name);
  }

  /** Throws `NoSuchEntity`. */
  requireUser(account: string, name: string): UserRecord {
    const user = this.findUser(account, name);
    if (!user) throw noSuchEntity(`The user with name ${name} cannot be found.`);
    return user;
  }

  /** Throws `EntityAlreadyExists`; names that differ only in case are the same name. */
  createUser(account: string, name: string, path = "/"): UserRecord {
    const lower = name.toLowerCase();
    for (const taken of this.tables.users.entries(account).keys()) {
      if (taken.toLowerCase() === lower) {
        throw new AwsError("EntityAlreadyExists", `User with name ${name} already exists.`, 409);
      }
    }
    const user = { name, path, userId: makeId("AIDA", 21), createdAt: this.now() };
    this.commit(this.tables.users.put(account, name, user));
    return user;
  }

  /** Throws `DeleteConflict` while the user has keys or policies, as IAM does. */
  deleteUser(account: string, name: string): void {
    const user = this.requireUser(account, name);
    const arn = this.userArn(account, user);
    const conflicts: [boolean, string][] = [
      [this.keysOf(account, name).length > 0, "must delete access keys first."],
      [this.tables.attachments.entries(arn).size > 0, "must detach all policies first."],
      [this.tables.inlinePolicies.entries(arn).size > 0, "must delete policies first."],
    ];
    const conflict = conflicts.find(([has]) => has)?.[1];
    if (conflict) throw new AwsError("DeleteConflict", `Cannot delete entity, ${conflict}`, 409);
    this.commit(this.tables.users.remove(account, name));
  }

  keysOf(account: string, userName: string): [id: string, key: AccessKeyRecord][] {
    return [...this.tables.accessKeys.entries(allKeys)].filter(
      ([, key]) => key.account === account && key.userName === userName,
    );
  }

  /** Throws `LimitExceeded` at the third key. */
  createAccessKey(account: string, userName: string): AccessKey & { createdAt: number } {
    this.requireUser(account, userName);
    if (this.keysOf(account, userName).length >= 2) {
      throw new AwsError("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409);
    }
    const id = makeId("AKIA", 20);
    const secret = randomBytes(30).toString("base64");
    const record: AccessKeyRecord = { account, userName, secret, status: "Active", createdAt: this.now() };
    this.commit(this.tables.accessKeys.put(allKeys, id, record));
    return { accessKeyId: id, secretAccessKey: secret, userName, account, createdAt: record.createdAt };
  }

  /** Brings a known key back, as after a reset. */
  restoreAccessKey({ account, userName, accessKeyId, secretAccessKey }: AccessKey): void {
    this.requireUser(account, userName);
    const record: AccessKeyRecord = {
      account,
      userName,
      secret: secretAccessKey,
      status: "Active",
      createdAt: this.now(),
    };
    this.commit(this.tables.accessKeys.put(allKeys, accessKeyId, record));
  }

  findKey(id: string): AccessKeyRecord | undefined {
    return this.tables.accessKeys.get(allKeys, id);
  }

  /** Throws `NoSuchEntity` unless the key is this user's. */
  requireKey(account: string, userName: string, id: string): AccessKeyRecord {
    const key = this.findKey(id);
    if (!key || key.account !== account || key.userName !== userName) {
      throw noSuchEntity(`The Access Key with id ${id} cannot be found.`);
    }
    return key;
  }

  setKeyStatus(account: string, userName: string, id: string, status: AccessKeyRecord["status"]): void {
    const key = this.requireKey(account, userName, id);
    this.commit(this.tables.accessKeys.put(allKeys, id, { ...key, status }));
  }

  deleteAccessKey(account: string, userName: string, id: string): void {
    this.requireKey(account, userName, id);
    this.commit(this.tables.accessKeys.remove(allKeys, id));
  }
}
