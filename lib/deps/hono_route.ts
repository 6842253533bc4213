export { matchedRoutes } from "npm:hono@4.13.19/route";
