/** One AWS partition: a set of regions with accounts, names and certificates of its own. */
export type Partition = {
  id: string;
  /** What its region names look like, without anchors and without anything that backtracks. */
  regions: string;
  /** `<account>.dkr.ecr.<region>.` + this; also the API's and STS's. */
  dnsSuffix: string;
  /** `<account>.dkr-ecr.<region>.` + this. */
  dualStackSuffix: string;
  /** `ecr.<region>.` + this. */
  dualStackApiSuffix: string;
  /** Regions with FIPS endpoints. The grammar allows the name everywhere; AWS serves it only here. */
  fipsRegions: readonly string[];
  /** What STS's FIPS endpoint is called, where it has another name than the plain one. */
  stsFipsPrefix?: string;
};

/** The table that every AWS host name here is made from (AWS's own partition and endpoint data). */
export const partitions: readonly Partition[] = [
  {
    id: "aws",
    regions: "(?:us|eu|ap|sa|ca|me|af|il|mx)-(?!gov-|iso)[a-z]+-\\d{1,2}",
    dnsSuffix: "amazonaws.com",
    dualStackSuffix: "on.aws",
    dualStackApiSuffix: "api.aws",
    fipsRegions: ["us-east-1", "us-east-2", "us-west-1", "us-west-2"],
    stsFipsPrefix: "sts-fips",
  },
  {
    id: "aws-cn",
    regions: "cn-[a-z]+-\\d{1,2}",
    dnsSuffix: "amazonaws.com.cn",
    dualStackSuffix: "on.amazonwebservices.com.cn",
    dualStackApiSuffix: "api.amazonwebservices.com.cn",
    fipsRegions: [],
  },
  {
    id: "aws-us-gov",
    regions: "us-gov-[a-z]+-\\d{1,2}",
    dnsSuffix: "amazonaws.com",
    dualStackSuffix: "on.aws",
    dualStackApiSuffix: "api.aws",
    fipsRegions: ["us-gov-east-1", "us-gov-west-1"],
  },
  {
    id: "aws-eusc",
    regions: "eusc-[a-z]{2}-[a-z]+-\\d{1,2}",
    dnsSuffix: "amazonaws.eu",
    dualStackSuffix: "on.amazonwebservices.eu",
    dualStackApiSuffix: "api.amazonwebservices.eu",
    fipsRegions: [],
  },
  {
    id: "aws-iso",
    regions: "us-iso-[a-z]+-\\d{1,2}",
    dnsSuffix: "c2s.ic.gov",
    dualStackSuffix: "on.aws.ic.gov",
    dualStackApiSuffix: "api.aws.ic.gov",
    fipsRegions: [],
  },
  {
    id: "aws-iso-b",
    regions: "us-isob-[a-z]+-\\d{1,2}",
    dnsSuffix: "sc2s.sgov.gov",
    dualStackSuffix: "on.aws.scloud",
    dualStackApiSuffix: "api.aws.scloud",
    fipsRegions: [],
  },
  {
    id: "aws-iso-e",
    regions: "eu-isoe-[a-z]+-\\d{1,2}",
    dnsSuffix: "cloud.adc-e.uk",
    dualStackSuffix: "on.cloud-aws.adc-e.uk",
    dualStackApiSuffix: "api.cloud-aws.adc-e.uk",
    fipsRegions: [],
  },
  {
    id: "aws-iso-f",
    regions: "us-isof-[a-z]+-\\d{1,2}",
    dnsSuffix: "csp.hci.ic.gov",
    dualStackSuffix: "on.aws.hci.ic.gov",
    dualStackApiSuffix: "api.aws.hci.ic.gov",
    fipsRegions: [],
  },
];
