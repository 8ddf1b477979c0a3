import type { HttpRequest } from "./plain-http.ts";

/**
 * Of some headers that come twice Node keeps the first and drops the rest without a word (RFC 9110 §5.3 lets no sender
 * repeat them). Whoever stands in front may have read the last one. Joined as other headers are, so that whoever reads
 * the value sees that there are two, and takes neither.
 */
export function joinRepeatedHeader(request: HttpRequest, name: string): void {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = rawHeaders[at];
    if (found?.length === name.length && found.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? "");
  }
  if (values.length > 1) request.headers[name] = values.join(", ");
}
