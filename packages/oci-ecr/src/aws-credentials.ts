/** The keys of an IAM user (AKIA…), or of a temporary session (ASIA… with its token). Kept in memory only. */
export type StaticKeys = { kind: "static-keys"; accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** Who signs requests to AWS. Chosen for each registry, never guessed; more kinds are added to this union. */
export type AwsCredentials = StaticKeys;
