export { type LeaseStorePair, leaseStoreContract } from "./lease-store.contract.ts";
