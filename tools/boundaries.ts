import path from "node:path";

export type Module = { file: string; imports: string[] };
export type Violation = { file: string; specifier: string; reason: string };
export type Manifests = ReadonlyMap<string, { name: string; dependencies: readonly string[] }>;

/** Every module specifier a source imports, re-exports or loads dynamically by a literal. */
export function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
  const found = new Set<string>();
  for (const match of code.matchAll(/\b(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/g))
    found.add(match[1] ?? "");
  for (const match of code.matchAll(/\bimport\s*\(\s*["']([^"']+)["']/g)) found.add(match[1] ?? "");
  for (const match of code.matchAll(/^\s*import\s*["']([^"']+)["']/gm)) found.add(match[1] ?? "");
  return [...found];
}

/** Packages that only one place may import, and why. */
const onlyIn: { pattern: RegExp; allowed: RegExp; reason: string }[] = [
  {
    pattern: /^@aws-sdk\/|^@smithy\//,
    allowed: /^packages\/oci-ecr\//,
    reason: "AWS is reached through packages/oci-ecr alone, which chooses every identity explicitly",
  },
  {
    pattern: /^dockerode$/,
    allowed: /^packages\/provider-docker\//,
    reason: "the Docker client stays behind the WorkspaceProvider port",
  },
  {
    pattern: /^@kubernetes\/client-node$/,
    allowed: /^packages\/provider-kubernetes\//,
    reason: "the Kubernetes client stays behind the WorkspaceProvider port",
  },
  {
    pattern: /^(kysely|pg)$/,
    allowed: /^(apps\/server\/src\/(db|testing)\/|packages\/testing\/|bench\/|e2e\/)|\.test\.ts$/,
    reason: "SQL lives in apps/server/src/db",
  },
  {
    pattern: /^fastify$|^@fastify\//,
    allowed: /^apps\/server\/src\/(http|testing)\//,
    reason: "HTTP lives in apps/server/src/http",
  },
];

/** What the layers inside the server may reach: `domain` decides, so it knows neither HTTP nor SQL nor adapters. */
const serverLayers: Record<string, RegExp> = {
  domain: /^apps\/server\/src\/domain\//,
  db: /^apps\/server\/src\/(db|domain|secrets)\//,
  http: /^apps\/server\/src\/(http|domain|agents)\//,
  reconcile: /^apps\/server\/src\/(reconcile|domain|agents)\//,
  agents: /^apps\/server\/src\/(agents|domain)\//,
};
const domainPackages = /^@berth\/(api|oci|provider)$/;

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
}

function isTestCode(file: string): boolean {
  return /\.(test|contract)\.ts$|\/testing\//.test(file);
}

/** Applies every rule to every import; pure, so that the rules themselves are tested. */
export function checkImports(modules: readonly Module[], manifests: Manifests): Violation[] {
  const violations: Violation[] = [];
  for (const { file, imports } of modules) {
    const home = file.split("/").slice(0, 2).join("/");
    const manifest = manifests.get(home);
    const layer = /^apps\/server\/src\/([^/]+)\//.exec(file)?.[1];
    for (const specifier of imports) {
      const fail = (reason: string) => violations.push({ file, specifier, reason });
      if (specifier.startsWith(".")) {
        const target = path.posix.join(path.posix.dirname(file), specifier);
        if (target.split("/").slice(0, 2).join("/") !== home)
          fail("another package is imported by its name, not by a path");
        const allowed = layer === undefined ? undefined : serverLayers[layer];
        if (allowed && !isTestCode(file) && !allowed.test(target)) fail(`apps/server/src/${layer} may not reach there`);
        continue;
      }
      const name = packageOf(specifier);
      if (specifier.startsWith("node:")) {
        if (layer === "domain" && !isTestCode(file) && !/^node:(crypto)$/.test(specifier))
          fail("the domain does no I/O");
        continue;
      }
      for (const rule of onlyIn) if (rule.pattern.test(name) && !rule.allowed.test(file)) fail(rule.reason);
      const target = [...manifests].find(([, other]) => other.name === name)?.[0];
      if (target?.startsWith("apps/") && target !== home && !isTestCode(file)) fail("nothing imports an app");
      if (layer === "domain" && !isTestCode(file) && name.startsWith("@berth/") && !domainPackages.test(name)) {
        fail("the domain knows value types only; adapters are handed in by main.ts");
      }
      const isOwn = manifest?.name === name;
      const isShared = isTestCode(file) && /^(vitest|fast-check)$/.test(name);
      if (manifest && !isOwn && !isShared && !manifest.dependencies.includes(name)) {
        if (!(isTestCode(file) && name.startsWith("@berth/"))) fail(`${name} is not declared in ${home}/package.json`);
      }
    }
  }
  return violations;
}
