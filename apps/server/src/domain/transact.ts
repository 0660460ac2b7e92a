/**
 * Runs work in one database transaction, on stores bound to it: all of it happens, or nothing. Work may run twice
 * when PostgreSQL asks for a retry, so it changes nothing but the stores.
 */
export type Transact<Stores> = <Result>(work: (stores: Stores) => Promise<Result>) => Promise<Result>;
