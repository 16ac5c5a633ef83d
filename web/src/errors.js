/** Reports input that must not be decoded. The message is one line that says why. */
export class Refused extends Error {
  name = "Refused";
}
