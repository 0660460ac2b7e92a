import { describe, expect, test } from "vitest";
import { hashPassword, verifyNobodysPassword, verifyPassword } from "./passwords.ts";
import { newApiToken, newTemporaryPassword } from "./secrets.ts";
import { usernameFrom } from "./setup.ts";
import { SignInThrottle } from "./sign-in-throttle.ts";

describe("passwords", () => {
  test("are stored as argon2id with the cost in the open, each with a salt of its own", async () => {
    const [one, two] = await Promise.all([hashPassword("same"), hashPassword("same")]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
  });

  test("are verified, however their letters are composed", async () => {
    const stored = await hashPassword("caf\u00e9 au lait");
    expect(await verifyPassword("cafe\u0301 au lait", stored)).toBe(true);
    expect(await verifyPassword("cafe au lait", stored)).toBe(false);
  });

  test("verify against a hash that the reference implementation made", async () => {
    // echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1 -l 24, from the reference implementation's own tests.
    const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    expect(await verifyPassword("password", stored)).toBe(true);
    expect(await verifyPassword("differentpassword", stored)).toBe(false);
  });

  test("a broken hash matches nothing", async () => {
    for (const stored of ["", "-", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$"])
      expect(await verifyPassword("", stored)).toBe(false);
  });

  test("of unknown people take as long as those of known ones", async () => {
    await verifyNobodysPassword("warm-up");
    const stored = await hashPassword("known");
    // The quickest of several: other programs can only slow one down.
    let [known, unknown] = [Infinity, Infinity];
    for (let round = 0; round < 8; round += 1) {
      const started = performance.now();
      await verifyPassword("guess", stored);
      const between = performance.now();
      await verifyNobodysPassword("guess");
      known = Math.min(known, between - started);
      unknown = Math.min(unknown, performance.now() - between);
    }
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
  });
});

describe("secrets", () => {
  test("tokens can be recognized, and are never the same", () => {
    expect(newApiToken()).toMatch(/^berth_[\w-]{43}$/);
    expect(new Set(Array.from({ length: 50 }, newApiToken)).size).toBe(50);
  });

  test("temporary passwords can be read aloud", () => {
    expect(newTemporaryPassword()).toMatch(/^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/);
  });
});

describe("SignInThrottle", () => {
  const attempts = (throttle: SignInThrottle, count: number, account: (index: number) => string, address: string) => {
    for (let index = 0; index < count; index += 1) throttle.attempt(account(index), address);
  };

  test("stops guesses at one account, says for how long, and lets others in", () => {
    let now = 0;
    const throttle = new SignInThrottle(() => now);
    attempts(throttle, 10, () => "ada", "192.0.2.1");
    expect(() => throttle.attempt("ada", "192.0.2.2")).toThrow(
      expect.objectContaining({ code: "TOO_MANY_ATTEMPTS", context: { retryAfterSeconds: 300 } }),
    );
    throttle.attempt("bob", "192.0.2.1");
    now = 300_001;
    throttle.attempt("ada", "192.0.2.1");
  });

  test("stops one address that tries many accounts", () => {
    const throttle = new SignInThrottle(() => 0);
    attempts(throttle, 50, (index) => `user-${index}`, "192.0.2.1");
    expect(() => throttle.attempt("another", "192.0.2.1")).toThrow();
    throttle.attempt("another", "192.0.2.9");
  });

  test("does not count what succeeded", () => {
    const throttle = new SignInThrottle(() => 0);
    for (let round = 0; round < 200; round += 1) {
      throttle.attempt("ada", "192.0.2.1");
      throttle.succeeded("ada", "192.0.2.1");
    }
  });

  test("forgets the oldest rather than fill the memory", () => {
    const throttle = new SignInThrottle(() => 0);
    for (let index = 0; index < 30_000; index += 1) throttle.attempt(`user-${index}`, null);
    for (let round = 0; round < 10; round += 1) throttle.attempt("user-29999x", null);
    expect(() => throttle.attempt("user-29999x", null)).toThrow();
  });
});

test.each([
  ["ada@example.com", "ada"],
  ["Ada.Lovelace+x@example.com", "ada-lovelace-x"],
  ["42@example.com", "admin"],
  [`${"a".repeat(60)}@example.com`, "a".repeat(32)],
])("the first administrator %s is called %s", (email, username) => {
  expect(usernameFrom(email)).toBe(username);
});
