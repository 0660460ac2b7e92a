import { Installation } from "../../e2e/lib/installation.ts";
import type { Row } from "../lib/row.ts";
import { figure, summarize } from "../lib/stats.ts";

/** From the start of the server's process to its ready line, embedded database included, from the second start on. */
export async function measureServerStart(): Promise<Row[]> {
  const installation = await Installation.start();
  try {
    const timings: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      await installation.stopServer();
      timings.push(await installation.startServer());
    }
    const berth = summarize(timings);
    return [
      {
        id: "server-start",
        what: "server start to ready, embedded database, second start",
        beside: "–",
        unit: "ms",
        berth,
        result: `${figure(berth.median / 1000)} s`,
        goal: "≤ 2 s",
        isMet: berth.median <= 2000,
      },
    ];
  } finally {
    await installation.close();
  }
}
