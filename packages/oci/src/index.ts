export * from "./auth/keychain.ts";
export * from "./digest.ts";
export * from "./errors.ts";
export { type Fix, failures, type RegistryErrorCode, type RegistryFacts } from "./failures.ts";
export * from "./image-config.ts";
export * from "./manifest.ts";
export * from "./media-type.ts";
export * from "./platform.ts";
export * from "./reference.ts";
