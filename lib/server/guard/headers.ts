import { createHash } from "node:crypto";

/** The header that says what a page may load and do. */
export const POLICY = "content-security-policy";

/**
 * What every answer tells browsers: scripts, styles and requests of this server alone, no frames, no guessing of
 * types, no use by other origins. There is no HSTS, because the server itself speaks plain HTTP.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  [POLICY]: [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** The policy of a page that loads nothing: its own styles alone, each by its digest. */
export function policyOf(page: string): string {
  const styles = [...page.matchAll(/<style>([^]*?)<\/style>/g)].map(([, style]) =>
    `'sha256-${createHash("sha256").update(style!).digest("base64")}'`
  );
  return [
    "default-src 'none'",
    `style-src ${[...new Set(styles)].join(" ") || "'none'"}`,
    "img-src data:",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}
