// The words of a playbook as people read them.

/** A word of a playbook without what only machines need: `new_booking` as `New booking`. */
export function plainLabel(word: string): string {
  const plain = word.replaceAll("_", " ").trim();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
