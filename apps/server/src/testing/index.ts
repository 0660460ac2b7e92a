export { createTestDatabase, type TestDatabase } from "./test-database.ts";
export { createTestServer, type TestServer, type TestServerOptions, type TestUser } from "./test-server.ts";
