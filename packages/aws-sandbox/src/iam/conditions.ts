import { parseConditionOperator } from "./condition-operators.ts";
import type { PolicyStatement } from "./policy-document.ts";
import { type RequestContext, substituteVariables } from "./variables.ts";

/** The context of a request, and what its policy's variables are taken from, if it may have any. */
export type Contexts = { context: RequestContext; variables: RequestContext | undefined };

/**
 * Decides one `operator: { key: values }` entry. Values of one key are alternatives (a negated operator must hold
 * against all); a missing key fails, unless the operator is negated or says `IfExists`; an empty set satisfies
 * `ForAllValues`.
 */
function conditionHolds(
  name: string,
  key: string,
  values: readonly string[],
  { context, variables }: Contexts,
): boolean {
  const parsed = parseConditionOperator(name);
  if (!parsed) return false;
  const actual = context.get(key.toLowerCase());
  if (parsed.operator === "Null")
    return values.some((value) => (value.toLowerCase() === "true") === (actual === undefined));
  const { test, isNegated } = parsed.operator;
  const expected = values.flatMap((value) => substituteVariables(value, variables) ?? []);
  const holds = (one: string) => expected.some((value) => test(one, value)) !== isNegated;
  if (actual === undefined) {
    if (parsed.isIfExists || parsed.set === "ForAllValues") return true;
    return parsed.set === "ForAnyValue" ? false : isNegated;
  }
  return parsed.set === "ForAllValues" ? actual.every(holds) : actual.some(holds);
}

/** Every operator and every key of a statement's condition must hold. */
export function conditionsHold(condition: PolicyStatement["Condition"], contexts: Contexts): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => conditionHolds(operator, key, values, contexts)),
  );
}
