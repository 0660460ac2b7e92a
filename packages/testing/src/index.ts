export { canaryForms, createCanary, findInDirectory, findInTables, holdsCanary } from "./canary.ts";
export { type Distribution, type DistributionOptions, startDistribution } from "./distribution.ts";
export { docker, expectNothingLeft, objectsWithLabel, uniqueName } from "./engine.ts";
export { type CuttableRelay, cuttableRelay, delayRelay, type Relay, type RelayTarget } from "./relay.ts";
export { type Need, requires } from "./requires.ts";
export { temporaryDirectory } from "./temporary-directory.ts";
export { waitFor } from "./wait-for.ts";
