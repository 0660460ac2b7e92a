import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchEcrHost, parseEcrHost } from "./ecr-host.ts";
import { partitions } from "./partitions.ts";

const account = "123456789012";
const plain = `${account}.dkr.ecr.us-east-1.amazonaws.com`;

describe("names of ECR registries", () => {
  test.each([
    [plain, "aws", "us-east-1"],
    [`${account}.dkr.ecr-fips.us-west-2.amazonaws.com`, "aws", "us-west-2"],
    [`${account}.dkr-ecr.eu-central-1.on.aws`, "aws", "eu-central-1"],
    [`${account}.dkr-ecr-fips.us-east-2.on.aws`, "aws", "us-east-2"],
    [`${account}.dkr.ecr.ap-southeast-7.amazonaws.com`, "aws", "ap-southeast-7"],
    [`${account}.dkr.ecr.mx-central-1.amazonaws.com`, "aws", "mx-central-1"],
    [`${account}.dkr.ecr.il-central-1.amazonaws.com`, "aws", "il-central-1"],
    [`${account}.dkr.ecr.cn-northwest-1.amazonaws.com.cn`, "aws-cn", "cn-northwest-1"],
    [`${account}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`, "aws-cn", "cn-north-1"],
    [`${account}.dkr.ecr.us-gov-west-1.amazonaws.com`, "aws-us-gov", "us-gov-west-1"],
    [`${account}.dkr-ecr-fips.us-gov-east-1.on.aws`, "aws-us-gov", "us-gov-east-1"],
    [`${account}.dkr.ecr.eusc-de-east-1.amazonaws.eu`, "aws-eusc", "eusc-de-east-1"],
    [`${account}.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu`, "aws-eusc", "eusc-de-east-1"],
    [`${account}.dkr.ecr.us-iso-east-1.c2s.ic.gov`, "aws-iso", "us-iso-east-1"],
    [`${account}.dkr-ecr.us-iso-east-1.on.aws.ic.gov`, "aws-iso", "us-iso-east-1"],
    [`${account}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov`, "aws-iso-b", "us-isob-east-1"],
    [`${account}.dkr-ecr.us-isob-east-1.on.aws.scloud`, "aws-iso-b", "us-isob-east-1"],
    [`${account}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`, "aws-iso-e", "eu-isoe-west-1"],
    [`${account}.dkr-ecr.eu-isoe-west-1.on.cloud-aws.adc-e.uk`, "aws-iso-e", "eu-isoe-west-1"],
    [`${account}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov`, "aws-iso-f", "us-isof-south-1"],
    [`${account}.dkr-ecr.us-isof-south-1.on.aws.hci.ic.gov`, "aws-iso-f", "us-isof-south-1"],
  ])("%s is in %s, %s", (name, partition, region) => {
    expect(matchEcrHost(name)).toMatchObject({ accountId: account, partition, region, registryHost: name });
  });

  test.each([`  ${plain}\n`, `https://${plain}/`, `HTTPS://${plain.toUpperCase()}`, `${plain}.`, `${plain}:443`])(
    "%j is put right",
    (pasted) => {
      expect(matchEcrHost(pasted)?.registryHost).toBe(plain);
    },
  );

  test.each([
    ["a suffix after the suffix", `${plain}.evil.example`],
    ["a longer suffix", `${account}.dkr.ecr.us-east-1.amazonaws.com.co`],
    ["a prefix on the suffix", `${account}.dkr.ecr.us-east-1.evilamazonaws.com`],
    ["a label before the account", `evil.${plain}`],
    ["China's suffix for another region", `${account}.dkr.ecr.us-east-1.amazonaws.com.cn`],
    ["the plain suffix for a Chinese region", `${account}.dkr.ecr.cn-north-1.amazonaws.com`],
    ["the plain suffix for an isolated region", `${account}.dkr.ecr.us-iso-east-1.amazonaws.com`],
    ["the European suffix for another region", `${account}.dkr.ecr.eu-west-1.amazonaws.eu`],
    ["dual-stack service with the classic suffix", `${account}.dkr-ecr.us-east-1.amazonaws.com`],
    ["classic service with the dual-stack suffix", `${account}.dkr.ecr.us-east-1.on.aws`],
    ["an account of 4 digits", "1234.dkr.ecr.us-east-1.amazonaws.com"],
    ["an account of 13 digits", `1${plain}`],
    ["letters in the account", "12345678901a.dkr.ecr.us-east-1.amazonaws.com"],
    ["a word as region", `${account}.dkr.ecr.localhost.amazonaws.com`],
    ["no region", `${account}.dkr.ecr.amazonaws.com`],
    ["a region that is two labels", `${account}.dkr.ecr.us-east-1.x.amazonaws.com`],
    ["a dot replaced", `${account}.dkr.ecr.us-east-1.amazonawsxcom`],
    ["another service", `${account}.dkr.s3.us-east-1.amazonaws.com`],
    ["ECR Public", "public.ecr.aws"],
    ["a user name", `user@${plain}`],
    ["a user name and a password", `https://a:b@${plain}/`],
    ["the name as a user name", `https://${plain}@evil.example/`],
    ["another port", `${plain}:8443`],
    ["two trailing dots", `${plain}..`],
    ["a path", `${plain}/team/base`],
    ["a query", `${plain}?x=1`],
    ["a fragment", `${plain}#x`],
    ["an escaped slash", `${plain}%2fevil.example`],
    ["plain HTTP", `http://${plain}`],
    ["a line break inside", `${plain}\nevil.example`],
    ["a NUL", `${plain}\0`],
    ["a Kelvin sign for k", `${account}.d\u212Ar.ecr.us-east-1.amazonaws.com`],
    ["a long s", `${account}.dkr.ecr.u\u017F-east-1.amazonaws.com`],
    ["full-width dots", plain.replaceAll(".", "\uFF0E")],
    ["full-width digits", plain.replace("1", "\uFF11")],
    ["Cyrillic a", plain.replace("amazon", "\u0430mazon")],
    ["an emoji", `🚀${plain}`],
    ["nothing", ""],
    ["10 000 digits", "1".repeat(10_000)],
    ["10 000 labels", "a.".repeat(5000)],
    ["a very long region", `${account}.dkr.ecr.us-${"a".repeat(10_000)}-1.amazonaws.com`],
  ])("refuses %s", (_what, name) => {
    expect(matchEcrHost(name)).toBeUndefined();
    expect(() => parseEcrHost(name)).toThrow(expect.objectContaining({ code: "REGISTRY_HOST_INVALID" }));
  });

  test("an error repeats the name only when that is short and printable", () => {
    expect(() => parseEcrHost("evil.example")).toThrow('"evil.example" is not the name');
    expect(() => parseEcrHost("x".repeat(10_000))).toThrow("This name is not the name");
    expect(() => parseEcrHost("\u202Eevil")).toThrow("This name is not the name");
  });

  test("nothing but a name from the table is ever accepted", () => {
    const suffixes = partitions.flatMap(({ dnsSuffix, dualStackSuffix }) => [dnsSuffix, dualStackSuffix]);
    const part = fc.constantFrom(
      ".",
      "-",
      account,
      "dkr",
      "ecr",
      "dkr-ecr",
      "fips",
      "us-east-1",
      "cn-north-1",
      "/",
      "@",
      ...suffixes,
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const host = matchEcrHost(parts.join(""));
        if (host === undefined) return;
        expect(host.apiEndpoint.hostname).toMatch(new RegExp(`\\.${host.region}\\.`));
        expect(suffixes.some((suffix) => host.registryHost.endsWith(`.${host.region}.${suffix}`))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what follows from the name", () => {
  test.each([
    [plain, "api.ecr.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com"],
    [
      `${account}.dkr.ecr-fips.us-east-1.amazonaws.com`,
      "api.ecr-fips.us-east-1.amazonaws.com",
      "sts-fips.us-east-1.amazonaws.com",
    ],
    [`${account}.dkr-ecr.us-east-1.on.aws`, "ecr.us-east-1.api.aws", "sts.us-east-1.amazonaws.com"],
    [`${account}.dkr-ecr-fips.us-east-1.on.aws`, "ecr-fips.us-east-1.api.aws", "sts-fips.us-east-1.amazonaws.com"],
    [
      `${account}.dkr.ecr-fips.us-gov-west-1.amazonaws.com`,
      "api.ecr-fips.us-gov-west-1.amazonaws.com",
      "sts.us-gov-west-1.amazonaws.com",
    ],
    [
      `${account}.dkr.ecr.cn-north-1.amazonaws.com.cn`,
      "api.ecr.cn-north-1.amazonaws.com.cn",
      "sts.cn-north-1.amazonaws.com.cn",
    ],
    [
      `${account}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`,
      "ecr.cn-north-1.api.amazonwebservices.com.cn",
      "sts.cn-north-1.amazonaws.com.cn",
    ],
    [
      `${account}.dkr-ecr.us-isob-east-1.on.aws.scloud`,
      "ecr.us-isob-east-1.api.aws.scloud",
      "sts.us-isob-east-1.sc2s.sgov.gov",
    ],
  ])("%s → %s and %s", (name, api, sts) => {
    const host = parseEcrHost(name);
    expect(host.apiEndpoint.href).toBe(`https://${api}/`);
    expect(host.stsEndpoint.href).toBe(`https://${sts}/`);
  });

  test("layers may come from the region's own bucket, by exact name", () => {
    expect(parseEcrHost(`${account}.dkr-ecr.eu-west-1.on.aws`).layerHosts).toEqual([
      "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",
      "prod-eu-west-1-starport-layer-bucket.s3.dualstack.eu-west-1.amazonaws.com",
    ]);
  });

  test("a FIPS name is known not to be served where AWS has no FIPS endpoint", () => {
    expect(parseEcrHost(`${account}.dkr.ecr-fips.us-east-1.amazonaws.com`)).toMatchObject({
      fips: true,
      isServed: true,
    });
    expect(parseEcrHost(`${account}.dkr.ecr-fips.eu-central-1.amazonaws.com`)).toMatchObject({ isServed: false });
    expect(parseEcrHost(plain)).toMatchObject({ fips: false, dualStack: false, isServed: true });
  });
});
