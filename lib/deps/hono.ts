export { Hono } from "npm:hono@4.13.19";
export type { Context, Handler, MiddlewareHandler, Next } from "npm:hono@4.13.19";
