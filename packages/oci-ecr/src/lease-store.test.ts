import { MemoryLeaseStore } from "./lease-store.ts";
import { leaseStoreContract } from "./testing/lease-store.contract.ts";

leaseStoreContract("MemoryLeaseStore", async () => {
  const store = new MemoryLeaseStore();
  return { one: store, two: store };
});
