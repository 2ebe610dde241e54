// What a person pastes as the link of a meeting. Pure.

/** What is wrong with it before anybody is asked; empty: nothing. */
export type LinkFault = "" | "missing" | "unreadable" | "insecure" | "bare";

/** Returns the address in what was pasted, which may be a whole invitation, or be without `https://`. */
export function linkIn(pasted: string): string {
  const text = pasted.trim();
  const address = /https?:\/\/[^\s<>"]+/i.exec(text)?.[0].replace(/[.,;)\]]+$/, "");
  if (address) return address;
  return /^[\w-]+(\.[\w-]+)+(:\d+)?\/\S+$/.test(text) ? `https://${text}` : text;
}

/** Says what is wrong with an address; which hosts bots go to the server knows alone. */
export function faultOf(link: string): LinkFault {
  if (!link) return "missing";
  if (!URL.canParse(link)) return "unreadable";
  const { protocol, pathname, search, hostname } = new URL(link);
  if (protocol === "http:") return "insecure";
  if (protocol !== "https:" || !hostname.includes(".")) return "unreadable";
  return pathname === "/" && !search ? "bare" : "";
}
