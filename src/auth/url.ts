const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Why keys must not be fetched from this URL; undefined when they may. Over plain http anybody on the way could put in a key
 * of their own, so https is required except for the loopback, where development happens.
 */
export function whyUnsafeUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "not an absolute URL";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "holds a user name or password";
  if (url.protocol === "https:") return undefined;
  if (url.protocol === "http:" && isLoopback(url)) return undefined;
  return "must be https (http is for the loopback only)";
}

export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}
