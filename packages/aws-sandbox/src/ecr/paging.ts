import { z } from "zod";
import { sha256Hex } from "../sigv4/canonical-request.ts";
import { equalsInConstantTime, type SecretBox } from "../state/secret-box.ts";
import { type Input, invalidParameter } from "./input.ts";

const tokenSchema = z.object({ request: z.string(), after: z.string(), mac: z.string() });

export type PageRequest = { input: Input; operation: string; registryId: string; region: string };

/** Cuts lists into pages whose tokens fit only the request they came from. */
export class Paging {
  readonly #box: SecretBox;

  constructor(box: SecretBox) {
    this.#box = box;
  }

  /** One page of `items`, which must be sorted by `keyOf`; 100 items unless `maxResults` says otherwise. */
  page<T>(items: readonly T[], keyOf: (item: T) => string, request: PageRequest): { page: T[]; nextToken?: string } {
    const size = request.input.integer("maxResults", { min: 1, max: 1000 }) ?? 100;
    const token = request.input.string("nextToken");
    const identity = sha256Hex(
      [request.operation, request.registryId, request.region, request.input.fingerprint()].join("\n"),
    );
    const after = token === undefined ? undefined : this.#open(token, identity);
    const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
    const page = rest.slice(0, size);
    const last = page.at(-1);
    if (rest.length <= size || last === undefined) return { page };
    return { page, nextToken: this.#seal(identity, keyOf(last)) };
  }

  #seal(request: string, after: string): string {
    const mac = this.#box.mac("next-token", `${request}\n${after}`);
    return Buffer.from(JSON.stringify({ request, after, mac })).toString("base64");
  }

  #open(token: string, request: string): string {
    const parsed = tokenSchema.safeParse(parseJson(Buffer.from(token, "base64").toString("utf8")));
    const value = parsed.success ? parsed.data : undefined;
    const isOurs =
      value && equalsInConstantTime(value.mac, this.#box.mac("next-token", `${value.request}\n${value.after}`));
    if (!value || !isOurs || value.request !== request) throw invalidParameter("nextToken", "Invalid token provided");
    return value.after;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
