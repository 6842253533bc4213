export { compress } from "npm:hono@4.13.19/compress";
