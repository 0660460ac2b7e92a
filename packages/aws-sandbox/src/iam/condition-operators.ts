import { BlockList, isIP } from "node:net";
import { matchesArn, matchesWildcard } from "./wildcard.ts";

type Test = (actual: string, expected: string) => boolean;
export type ConditionOperator = { test: Test; isNegated: boolean };

function literal(pattern: string): string {
  return pattern.replace(/\\([\\*?])/g, "$1");
}

function numeric(compare: (a: number, b: number) => boolean): Test {
  return (actual, expected) => {
    const a = Number(actual);
    const b = Number(expected);
    return actual !== "" && expected !== "" && !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
}

function toTime(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function dates(compare: (a: number, b: number) => boolean): Test {
  return (actual, expected) => {
    const a = toTime(actual);
    const b = toTime(expected);
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
}

function inNetwork(address: string, network: string): boolean {
  const [base = "", prefix] = network.split("/");
  const family = isIP(base);
  if (family === 0 || isIP(address) !== family) return false;
  const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(base, bits, type);
  return list.check(address, type);
}

const equal = (a: number, b: number) => a === b;
const less = (a: number, b: number) => a < b;
const atMost = (a: number, b: number) => a <= b;
const more = (a: number, b: number) => a > b;
const atLeast = (a: number, b: number) => a >= b;
const exact: Test = (actual, expected) => actual === literal(expected);
const exactIgnoringCase: Test = (actual, expected) => actual.toLowerCase() === literal(expected).toLowerCase();
const like: Test = (actual, pattern) => matchesWildcard(pattern, actual);
const arn: Test = (actual, pattern) => matchesArn(pattern, actual);

const operators: Record<string, ConditionOperator> = {
  StringEquals: { test: exact, isNegated: false },
  StringNotEquals: { test: exact, isNegated: true },
  StringEqualsIgnoreCase: { test: exactIgnoringCase, isNegated: false },
  StringNotEqualsIgnoreCase: { test: exactIgnoringCase, isNegated: true },
  StringLike: { test: like, isNegated: false },
  StringNotLike: { test: like, isNegated: true },
  NumericEquals: { test: numeric(equal), isNegated: false },
  NumericNotEquals: { test: numeric(equal), isNegated: true },
  NumericLessThan: { test: numeric(less), isNegated: false },
  NumericLessThanEquals: { test: numeric(atMost), isNegated: false },
  NumericGreaterThan: { test: numeric(more), isNegated: false },
  NumericGreaterThanEquals: { test: numeric(atLeast), isNegated: false },
  DateEquals: { test: dates(equal), isNegated: false },
  DateNotEquals: { test: dates(equal), isNegated: true },
  DateLessThan: { test: dates(less), isNegated: false },
  DateLessThanEquals: { test: dates(atMost), isNegated: false },
  DateGreaterThan: { test: dates(more), isNegated: false },
  DateGreaterThanEquals: { test: dates(atLeast), isNegated: false },
  Bool: { test: exactIgnoringCase, isNegated: false },
  BinaryEquals: { test: exact, isNegated: false },
  IpAddress: { test: inNetwork, isNegated: false },
  NotIpAddress: { test: inNetwork, isNegated: true },
  ArnEquals: { test: arn, isNegated: false },
  ArnLike: { test: arn, isNegated: false },
  ArnNotEquals: { test: arn, isNegated: true },
  ArnNotLike: { test: arn, isNegated: true },
};

export type ParsedOperator = {
  set: "ForAnyValue" | "ForAllValues" | undefined;
  isIfExists: boolean;
  operator: ConditionOperator | "Null";
};

/** Takes an operator name apart; undefined when IAM has no such operator. */
export function parseConditionOperator(name: string): ParsedOperator | undefined {
  const match = /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  if (!match) return undefined;
  const set = match[1] === "ForAnyValue" || match[1] === "ForAllValues" ? match[1] : undefined;
  const isIfExists = match[3] !== undefined;
  if (match[2] === "Null") return isIfExists ? undefined : { set, isIfExists, operator: "Null" };
  const operator = Object.hasOwn(operators, match[2] ?? "") ? operators[match[2] ?? ""] : undefined;
  return operator && { set, isIfExists, operator };
}

export function isConditionOperator(name: string): boolean {
  return parseConditionOperator(name) !== undefined;
}
