export { print } from "npm:esrap@2.4.0";
