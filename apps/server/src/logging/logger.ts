import { type Logger, pino } from "pino";
import { redactText, redactValue } from "./redact.ts";

export type { Logger };

/** Where lines go, e.g. `process.stdout`. */
export type LineSink = { write(line: string): unknown };

/** The server's log: one JSON object a line. Secrets are taken out of fields first, then of the finished line. */
export function createLogger(sink: LineSink, level: "debug" | "info" | "warn" | "silent" = "info"): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactValue(fields) as Record<string, unknown>,
      },
      serializers: { err: (value: unknown) => value },
    },
    { write: (line: string) => void sink.write(redactText(line)) },
  );
}
