import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { now } from "../../base/environment.ts";
import type { Context } from "../../deps/hono.ts";
import { deleteCookie, getCookie, setCookie } from "../../deps/hono_cookie.ts";
import { html } from "../../deps/hono_html.ts";
import { refuse } from "./refusal.ts";
import { type Bearer, bearerFinder, type Role, type Tokens } from "./tokens.ts";

/** Where a browser signs in and out. */
export const LOGIN = "/login";
export const LOGOUT = "/logout";

const COOKIE = "reprise_session";
const SESSION_SECONDS = 12 * 60 * 60;

/** Who may come in. */
export interface Door {
  /** Who asks; undefined for who has neither a token nor a cookie of this server. */
  bearerOf(c: Context): Bearer | undefined;
  /** Why who asks may not do what it asks; undefined where it may. */
  refuse(c: Context, bearer: Bearer | undefined): Promise<Response> | Response | undefined;
  /** Signs a browser in or out, or shows the form. */
  answer(c: Context): Promise<Response>;
}

/**
 * Opens the door that tokens open: `Authorization: Bearer TOKEN`, or the cookie that a browser gets for a token at
 * `/login`. The cookie isn't the token: it tells a bearer until a time, sealed with a key that lives as long as the door.
 */
export function openDoor(tokens: Tokens): Door {
  const bearerOfToken = bearerFinder(tokens);
  const key = randomBytes(32);
  const sealed = (text: string) => `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
  const bearerOfCookie = (cookie: string): Bearer | undefined => {
    const [role, owner, until] = cookie.split(".");
    const [given, right] = [cookie, sealed(`${role}.${owner}.${until}`)].map((text) =>
      new TextEncoder().encode(text)
    );
    const valid = given!.length === right!.length && timingSafeEqual(given!, right!);
    return valid && now() < Number(until) * 1000 ? { role: role as Role, owner: owner! } : undefined;
  };
  return {
    bearerOf(c) {
      const header = c.req.header("authorization");
      if (header !== undefined) return bearerOfToken(/^Bearer +(\S+) *$/i.exec(header)?.[1] ?? "");
      const cookie = getCookie(c, COOKIE);
      return cookie === undefined ? undefined : bearerOfCookie(cookie);
    },
    refuse(c, bearer) {
      const role = bearer?.role;
      const reads = c.req.method === "GET" || c.req.method === "HEAD";
      if (role === "run" || (role === "read" && reads)) return undefined;
      if (role === "read") {
        return refuse(403, {
          error_code: "PERMISSION_DENIED",
          message: "A read token only lets its bearer look.",
          hint: "Use a run token.",
        });
      }
      const given = c.req.header("authorization") !== undefined;
      const challenge = {
        "www-authenticate": `Bearer realm="reprise"${given ? ', error="invalid_token"' : ""}`,
      };
      const wantsPage = reads && !given && c.req.header("accept")?.includes("text/html");
      if (wantsPage) return c.html(loginPage(pathOf(c.req.url)), 401, challenge);
      return refuse(401, {
        error_code: "UNAUTHENTICATED",
        message: given ? "This server has no such token." : "This server asks for a token.",
        hint: `Send \`Authorization: Bearer TOKEN\`, or sign in at ${LOGIN} with a browser.`,
      }, challenge);
    },
    async answer(c) {
      if (c.req.path === LOGOUT) {
        deleteCookie(c, COOKIE, { path: "/" });
        return c.redirect(LOGIN, 303);
      }
      if (c.req.method !== "POST") return c.html(loginPage("/"));
      const form = new URLSearchParams(await c.req.text());
      const next = form.get("next") ?? "/";
      const bearer = bearerOfToken(form.get("token")?.trim() ?? "");
      if (bearer === undefined) return c.html(loginPage(next, "This server has no such token."), 401);
      const until = Math.floor(now() / 1000) + SESSION_SECONDS;
      setCookie(c, COOKIE, sealed(`${bearer.role}.${bearer.owner}.${until}`), {
        httpOnly: true,
        sameSite: "Strict",
        path: "/",
        maxAge: SESSION_SECONDS,
        secure: c.req.header("origin")?.startsWith("https:") ?? false,
      });
      return c.redirect(isOwnPath(next) ? next : "/", 303);
    },
  };
}

/** Whether a text is a path of this server and nothing that a browser takes for another one's. */
const isOwnPath = (text: string): boolean => /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text);

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

const loginPage = (next: string, problem?: string) =>
  html`<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Sign in – Reprise</title>
    <link rel="stylesheet" href="/assets/style.css">
  </head>
  <body>
    <main>
      <h1>Sign in to Reprise</h1>
      ${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
      <form class="stack" method="post" action="${LOGIN}">
        <input type="hidden" name="next" value="${next}">
        <p>
          <label for="token">Token</label>
          <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
        </p>
        <p><button>Sign in</button></p>
      </form>
    </main>
  </body>
</html>`;
