export { deleteCookie, getCookie, setCookie } from "npm:hono@4.13.19/cookie";
