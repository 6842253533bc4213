import { environmentVariable } from "../base/environment.ts";

/** What Deno itself needs to find its cache, the network and the time, and nothing that is a secret of this server. */
const DENO: readonly string[] = [
  ...["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR", "LANG", "LC_ALL", "TZ"],
  ...["LOCALAPPDATA", "SYSTEMROOT", "TEMP", "USERPROFILE"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "DENO_CERT", "DENO_TLS_CA_STORE", "NPM_CONFIG_REGISTRY"],
];

/**
 * The whole environment of a command's process: what Deno needs, and what the command is granted to read.
 *
 * @param grants The permissions of the command, as flags of Deno.
 * @param told What stands in place of this process' own variables, such as the store's URI with its credentials.
 */
export function environmentOf(
  grants: readonly string[],
  told: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const granted = grants.flatMap((flag) => /^--allow-env=(.*)$/.exec(flag)?.[1]?.split(",") ?? []);
  const variables = [...DENO, ...granted].flatMap((name) => {
    const value = told[name] ?? environmentVariable(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(variables), NO_COLOR: "1" };
}
