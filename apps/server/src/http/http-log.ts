/** What the HTTP layer tells the log; pino satisfies it. */
export type HttpLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** One answered request, for metrics. `route` is the contract's name for it, never a path. */
export type RequestObserver = (request: {
  route: string;
  method: string;
  status: number;
  durationSeconds: number;
}) => void;
