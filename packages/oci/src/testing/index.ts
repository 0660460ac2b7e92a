export { testCertificate } from "./test-certificate.ts";
