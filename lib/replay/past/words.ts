import { PROJECT, REPRISE } from "../../training/kept/place.ts";

/** Words with the places of recorded modules as a user knows them: paths below the project. */
export function inProjectWords(words: string): string {
  return words.replaceAll(PROJECT, "").replaceAll(REPRISE, "reprise/");
}
