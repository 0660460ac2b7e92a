import type { Row } from "../lib/row.ts";
import { measureCredentials } from "./credentials.ts";
import { measureExec } from "./exec.ts";
import { measureFleet } from "./fleet.ts";
import { measureImport } from "./import.ts";
import { measureServerStart } from "./server-start.ts";
import { measureWorkspaces } from "./workspaces.ts";

/** A group of lines that share a set-up. */
export type Measurement = { id: string; measure(progress: (text: string) => void): Promise<Row[]> };

export const rows: readonly Measurement[] = [
  { id: "workspaces", measure: measureWorkspaces },
  { id: "exec", measure: measureExec },
  { id: "import", measure: measureImport },
  { id: "credentials", measure: measureCredentials },
  { id: "server-start", measure: measureServerStart },
  { id: "fleet", measure: measureFleet },
];
