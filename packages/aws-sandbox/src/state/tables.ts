import type { z } from "zod";
import { type Change, Journal } from "./journal.ts";

/** Records of one kind, grouped in parts (an account, a repository …). Reads are from memory. */
export class Table<T> {
  readonly name: string;
  readonly #schema: z.ZodType<T>;
  readonly #parts = new Map<string, Map<string, T>>();

  constructor(name: string, schema: z.ZodType<T>) {
    this.name = name;
    this.#schema = schema;
  }

  get(part: string, id: string): T | undefined {
    return this.#parts.get(part)?.get(id);
  }

  /** The records of a part with their ids, in the order they were first written. */
  entries(part: string): ReadonlyMap<string, T> {
    return this.#parts.get(part) ?? new Map();
  }

  parts(): IterableIterator<string> {
    return this.#parts.keys();
  }

  put(part: string, id: string, value: T): Change {
    return { table: this.name, part, id, value };
  }

  remove(part: string, id: string): Change {
    return { table: this.name, part, id, value: null };
  }

  /** Removes every record of a part. */
  removeAll(part: string): Change[] {
    return [...this.entries(part).keys()].map((id) => this.remove(part, id));
  }

  /** Takes over a committed change; called by `Tables` alone. */
  apply(change: Change): void {
    if (change.value === null) {
      const rows = this.#parts.get(change.part);
      rows?.delete(change.id);
      if (rows?.size === 0) this.#parts.delete(change.part);
      return;
    }
    let rows = this.#parts.get(change.part);
    if (!rows) {
      rows = new Map();
      this.#parts.set(change.part, rows);
    }
    rows.set(change.id, this.#schema.parse(change.value));
  }

  *all(): Iterable<Change> {
    for (const [part, rows] of this.#parts) for (const [id, value] of rows) yield this.put(part, id, value);
  }
}

/** What a set of tables needs of each, whatever its records are. */
type AnyTable = { readonly name: string; apply(change: Change): void; all(): Iterable<Change> };

/** All tables of a sandbox over one journal. */
export class Tables {
  readonly #tables: Map<string, AnyTable>;
  readonly #journal: Journal;

  constructor(path: string, tables: readonly AnyTable[]) {
    this.#tables = new Map(tables.map((table) => [table.name, table]));
    this.#journal = Journal.open(path, (change) => this.#tables.get(change.table)?.apply(change));
    this.#journal.compact(this.#records());
  }

  /** Writes the changes as one transaction, then makes them visible. */
  commit(...changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#journal.append(changes);
    for (const change of changes) this.#tables.get(change.table)?.apply(change);
  }

  close(): void {
    this.#journal.close();
  }

  *#records(): Iterable<Change> {
    for (const table of this.#tables.values()) yield* table.all();
  }
}
