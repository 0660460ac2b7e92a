import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { endProcess, identify, isRunning, type ProcessIdentity } from "../lib/machine/processes.ts";

/** What a start has begun: processes that end with it, and perhaps the engine, which outlives a crash of its starter. */
type Started = { children: ProcessIdentity[]; engine?: ProcessIdentity | undefined };

/** Who runs Berth from a data folder. */
type InstanceRecord = ProcessIdentity & Started;

/** The right to run Berth from one data folder. */
export type Instance = {
  /** The engine that a start which was killed left running: it is this one's to stop now. */
  inheritedEngine: ProcessIdentity | undefined;
  /** Notes which processes are ours now, so that the next start can end what a killed one left behind. */
  remember(pids: { children: readonly number[]; engine: number | undefined }): void;
  release(): void;
};

const graceMs = 15_000;

/** Takes the data folder, ending what a start that was killed left running. Throws one sentence while another start has it. */
export async function takeInstance(dataDirectory: string): Promise<Instance> {
  const file = path.join(dataDirectory, "start.pid");
  let inheritedEngine: ProcessIdentity | undefined;
  for (;;) {
    const self = identify(process.pid);
    if (!self) throw new Error("/proc is not mounted: mount it and start again.");
    if (writeNew(file, { ...self, children: [], engine: inheritedEngine })) {
      return openInstance(file, self, inheritedEngine);
    }
    const other = readRecord(file);
    if (other && isRunning(other)) {
      throw new Error(
        `Berth is already running from ${dataDirectory} (process ${other.pid}): use that one, or start another with BERTH_DATA_DIR and BERTH_PORT set.`,
      );
    }
    await Promise.all((other?.children ?? []).filter(isRunning).map(({ pid }) => endProcess(pid, { graceMs })));
    if (other?.engine && isRunning(other.engine)) inheritedEngine = other.engine;
    rmSync(file, { force: true });
  }
}

function openInstance(file: string, self: ProcessIdentity, inheritedEngine: ProcessIdentity | undefined): Instance {
  return {
    inheritedEngine,
    remember({ children, engine }) {
      const record: InstanceRecord = {
        ...self,
        children: children.flatMap((pid) => identify(pid) ?? []),
        engine: engine === undefined ? inheritedEngine : identify(engine),
      };
      writeFileSync(`${file}.next`, JSON.stringify(record), { mode: 0o600 });
      renameSync(`${file}.next`, file);
    },
    release: () => rmSync(file, { force: true }),
  };
}

function writeNew(file: string, record: InstanceRecord): boolean {
  try {
    writeFileSync(file, JSON.stringify(record), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readRecord(file: string): InstanceRecord | undefined {
  try {
    const { pid, startTicks, children, engine } = JSON.parse(readFileSync(file, "utf8"));
    return { pid, startTicks, children: Array.isArray(children) ? children : [], engine };
  } catch {
    return undefined;
  }
}
