/** A self-signed certificate for `registry.test`, for tests alone: nothing trusts it, and no such host exists. */
export const testCertificate = {
  hostname: "registry.test",
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgm+mTDuajkFAQxM48
caaPmjT1mauhzbCwOz5HjVROX4ehRANCAAQQLZLJTQnL53IsLgQ12IXdj6lUNV89
F9JSJiBnafdu1OnmrNEWZzEB++w5D1GwKpiqQzZWYsfkPe3jfw+9kMho
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIBATAKBggqhkjOPQQDAjAuMRQwEgYDVQQKDAtCZXJ0aCB0
ZXN0czEWMBQGA1UEAwwNcmVnaXN0cnkudGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8y
MTIwMDEwMTAwMDAwMFowLjEUMBIGA1UECgwLQmVydGggdGVzdHMxFjAUBgNVBAMM
DXJlZ2lzdHJ5LnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQLZLJTQnL
53IsLgQ12IXdj6lUNV89F9JSJiBnafdu1OnmrNEWZzEB++w5D1GwKpiqQzZWYsfk
Pe3jfw+9kMhoo0wwSjAYBgNVHREEETAPgg1yZWdpc3RyeS50ZXN0MA8GA1UdEwEB
/wQFMAMBAf8wHQYDVR0OBBYEFJN8aFMxsNkcXg5iRTmeqaobj7UIMAoGCCqGSM49
BAMCA0gAMEUCIGVOgRL/tOcctyj5amMYqSQto/+SJv2QZxmvqf1Z/LOrAiEAmkEp
iyH4aJyAdeMQ9Pcd/qOSfqiwwxJZBllaXAt8xwo=
-----END CERTIFICATE-----`,
};
