export { closestMatch, default as leven } from "npm:leven@4.1.0";
