import { z } from "zod";

/** RFC 9457 problem details, with what Berth adds: a stable code, a fix, whether trying again can help. */
export const Problem = z
  .object({
    type: z.string().describe("A page about this code"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What happened, for people"),
    code: z.string().describe("Stable, UPPER_SNAKE"),
    fix: z.object({ text: z.string(), command: z.string().optional() }).optional(),
    retryable: z.boolean(),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string().describe("Where in the request, as `body.name`"), message: z.string() }))
      .optional(),
    /** Facts a client may act on, e.g. the names of what stands in the way. Never a secret. */
    context: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.output<typeof Problem>;

/** A problem without the fields only an HTTP answer has; stored with failed builds and checks. */
export const Failure = Problem.pick({ code: true, title: true, detail: true, fix: true, retryable: true }).meta({
  id: "Failure",
});
export type Failure = z.output<typeof Failure>;
