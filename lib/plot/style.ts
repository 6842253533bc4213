import page from "./page.css" with { type: "text" };

/**
 * Rules that use a page's variables, for a picture that stands alone: with each value as it is in light and, on dark
 * screens, in dark, since not all that shows pictures knows variables.
 */
export function styleOf(rules: string): string {
  // What follows the first block is for print.
  const [root] = page.split("}");
  const values = new Map(
    [...root!.matchAll(/(--[\w-]+): (?:light-dark\((#\w+), (#\w+)\)|([^;]+));/g)].map(
      ([, name, light, dark, always]) => [name, [light ?? always!, dark ?? always!]] as const,
    ),
  );
  const inScheme = (scheme: 0 | 1) =>
    rules.replace(/var\((--[\w-]+)\)/g, (_, name) => values.get(name)![scheme]).replace(/\s+/g, " ");
  return `svg{color-scheme:light dark}
${inScheme(0)}
@media screen and (prefers-color-scheme: dark){${inScheme(1)}}`;
}
