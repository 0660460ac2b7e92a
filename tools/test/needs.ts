/** What tests beyond the unit tests run on, and what each kind of test file therefore needs. */
export const needs = {
  docker: { what: "a container engine", fix: "install Docker and start it" },
  images: { what: "the test images", fix: "see why they could not be made above" },
  awscli: { what: "the AWS CLI at /usr/bin/aws", fix: "apt-get install awscli" },
  skopeo: { what: "skopeo", fix: "apt-get install skopeo" },
  distribution: { what: "CNCF Distribution (docker-registry)", fix: "apt-get install docker-registry" },
} as const;

export type Need = keyof typeof needs;

/** By the middle word of `x.docker.test.ts`. */
export const needsOfKind: Readonly<Record<string, readonly Need[]>> = {
  postgres: [],
  docker: ["docker", "images"],
  aws: ["docker", "awscli", "skopeo", "distribution"],
  e2e: ["docker", "images"],
};

export type LeftOut = { kind: string; because: Need };

/** The kinds of test files that cannot run while these needs are missing. */
export function leftOutKinds(missing: ReadonlySet<Need>): LeftOut[] {
  return Object.entries(needsOfKind).flatMap(([kind, wanted]) => {
    const because = wanted.find((need) => missing.has(need));
    return because ? [{ kind, because }] : [];
  });
}
