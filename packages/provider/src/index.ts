export * from "./observation.ts";
export * from "./progress.ts";
export * from "./provider-error.ts";
export * from "./workspace-provider.ts";
export * from "./workspace-spec.ts";
