import { RegistryError } from "@berth/oci";
import { z } from "zod";

/** A place in a list of AWS's that is filtered here: AWS's own token, and how many of that page's matches were given. */
export type PageCursor = { nextToken?: string; skip: number };

const cursorSchema = z.tuple([z.string().max(8192).nullable(), z.int().min(0).max(1000)]);

/** The opaque text of a place. */
export function encodeCursor({ nextToken, skip }: PageCursor): string {
  return Buffer.from(JSON.stringify([nextToken ?? null, skip])).toString("base64url");
}

/** Reads it back; throws ECR_REQUEST_INVALID for anything else. */
export function decodeCursor(text: string | undefined): PageCursor {
  if (text === undefined) return { skip: 0 };
  try {
    const [nextToken, skip] = cursorSchema.parse(
      JSON.parse(Buffer.from(text.slice(0, 16_384), "base64url").toString()),
    );
    return nextToken === null ? { skip } : { nextToken, skip };
  } catch {
    throw new RegistryError(
      "ECR_REQUEST_INVALID",
      {},
      {
        message: "The list cannot be continued from there.",
        fix: { text: "Start from the beginning of the list." },
      },
    );
  }
}
