/** Files that do not go together, or that no decoder may read. Says why, in one line. */
export class Refused extends Error {
  name = "Refused";
}
