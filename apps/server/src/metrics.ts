import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import type { RequestObserver } from "./http/http-log.ts";

export type Metrics = {
  contentType: string;
  render(): Promise<string>;
  observeRequest: RequestObserver;
  /** For what other parts measure themselves. */
  registry: Registry;
};

/** The server's metrics, in a registry of their own, so that two servers in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "berth_http_request_duration_seconds",
    help: "Duration of HTTP requests, by the name of the route.",
    labelNames: ["route", "method", "status"] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    observeRequest: ({ route, method, status, durationSeconds }) =>
      requests.observe({ route, method, status: String(status) }, durationSeconds),
    registry,
  };
}
