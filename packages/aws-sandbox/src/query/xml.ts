import { XMLBuilder } from "fast-xml-parser";

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@", suppressEmptyNode: true });

export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

function prune(value: XmlValue): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (inner === undefined ? [] : [[name, prune(inner)]])),
  );
}

/** Renders an object as XML; undefined members are left out, arrays repeat their element. */
export function toXml(root: { readonly [name: string]: XmlValue }): string {
  return builder.build(prune(root));
}

/** A list in the query protocol's form. */
export function members(items: readonly XmlValue[]): XmlValue {
  return items.length === 0 ? "" : { member: items };
}
