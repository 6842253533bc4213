export { default as script } from "npm:swagger-ui-dist@5.35.0/swagger-ui-bundle.js" with { type: "text" };
export { default as style } from "npm:swagger-ui-dist@5.35.0/swagger-ui.css" with { type: "text" };
