import { expect, test } from "vitest";
import { tokenNameFor, usernameFrom } from "./sign-in.ts";

test.each([
  ["admin@example.com", "admin"],
  ["Ada.Lovelace+berth@example.com", "ada-lovelace-berth"],
  ["42nd.street@example.com", "nd-street"],
  ["--@example.com", "admin"],
  [`${"a".repeat(31)}.b@example.com`, "a".repeat(31)],
])("%s becomes the user %s", (email, username) => {
  expect(usernameFrom(email)).toBe(username);
});

test("a token is named after a machine whose name the API refuses", () => {
  expect(tokenNameFor("büro pc/1")).toBe("cli@b-ro-pc-1");
});
