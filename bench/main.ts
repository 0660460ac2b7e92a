import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Row, table } from "./lib/row.ts";
import { rows } from "./rows/index.ts";

const results = fileURLToPath(new URL("results", import.meta.url));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((id) => !rows.some((row) => row.id === id));
if (unknown.length > 0) {
  console.error(`There is no row ${unknown.join(", ")}. Rows: ${rows.map((row) => row.id).join(", ")}`);
  process.exit(2);
}

const measured: Row[] = [];
for (const row of rows.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
  console.error(`${row.id} …`);
  try {
    const lines = await row.measure((text) => console.error(`  ${text}`));
    measured.push(...lines);
    console.error(table(lines));
  } catch (error) {
    console.error(`  could not be measured: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  }
}

const machine = `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 1024 ** 3)} GB`;
const text = `# ${new Date().toISOString().slice(0, 10)}\n\n${machine}, Node ${process.version}\n\n${table(measured)}\n`;
console.log(text);
if (wanted.length === 0) {
  await mkdir(results, { recursive: true });
  const name = path.join(results, new Date().toISOString().slice(0, 10));
  await writeFile(`${name}.md`, text);
  await writeFile(`${name}.json`, `${JSON.stringify({ machine, node: process.version, rows: measured }, null, 1)}\n`);
}
process.exit(process.exitCode ?? 0);
