export { accepts } from "npm:hono@4.13.19/accepts";
