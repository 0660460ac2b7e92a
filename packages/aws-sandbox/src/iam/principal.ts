/** Who signed a request. A session is the user under temporary credentials. */
export type Principal = {
  account: string;
  arn: string;
  userId: string;
  userName: string;
  accessKeyId: string;
  session: { issuedAt: number; expiresAt: number } | undefined;
};
