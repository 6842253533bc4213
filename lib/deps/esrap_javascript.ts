export { default as javascript } from "npm:esrap@2.4.0/languages/ts";
