/**
 * Enforces who may import whom: design rules that a linter cannot see because they cross packages.
 * Walks every TypeScript file that git knows, resolves each import, and fails on the first list of violations.
 * It also proves that it looked: the files walked must be exactly the files in the source folders.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkImports, importsOf, type Module } from "./boundaries.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

function sourceFilesOnDisk(directory: string): string[] {
  if (!existsSync(path.join(root, directory))) return [];
  return readdirSync(path.join(root, directory), { recursive: true, encoding: "utf8" })
    .filter(
      (file) =>
        /\.tsx?$/.test(file) && !file.split(path.sep).some((part) => part === "node_modules" || part === "dist"),
    )
    .map((file) => path.join(directory, file));
}

const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.ts", "*.tsx"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /^(apps|packages)\//.test(file) && existsSync(path.join(root, file)));

const onDisk = ["apps", "packages"].flatMap(sourceFilesOnDisk);
const unseen = onDisk.filter((file) => !tracked.includes(file));
if (unseen.length > 0) {
  console.error(`These modules were not looked at (ignored by git?):\n  ${unseen.join("\n  ")}`);
  process.exit(1);
}

const modules: Module[] = tracked.map((file) => ({
  file,
  imports: importsOf(readFileSync(path.join(root, file), "utf8")),
}));
const manifests = new Map(
  ["apps", "packages"].flatMap((group) =>
    readdirSync(path.join(root, group)).flatMap((name): [string, { name: string; dependencies: string[] }][] => {
      const file = path.join(root, group, name, "package.json");
      if (!existsSync(file)) return [];
      const json = JSON.parse(readFileSync(file, "utf8"));
      const dependencies = { ...json.dependencies, ...json.optionalDependencies, ...json.devDependencies };
      return [[`${group}/${name}`, { name: json.name, dependencies: Object.keys(dependencies) }]];
    }),
  ),
);

const violations = checkImports(modules, manifests);
for (const violation of violations)
  console.error(`${violation.file}: imports ${violation.specifier}: ${violation.reason}`);
console.log(`${modules.length} modules, ${violations.length} violations`);
process.exit(violations.length > 0 ? 1 : 0);
