import { type Markup, markup, trusted } from "./markup.ts";

/**
 * The whole report for programs. Nothing in a script element ends it but `</script`, so without `<` nothing does; JSON reads `\u003c`
 * as the same sign.
 */
export function rawJson(json: string, fileName: string): Markup {
  return markup`<p id="saving"><a id="save" href="#report" download="${fileName}">Save the raw JSON</a> <span class="hint">(${Math.max(1, Math.round(json.length / 1024)).toLocaleString("en-US")} KiB; <code>npm run bench -- report FILE.json</code> draws it again. Without scripts: it is this file's last element, <code>#report</code>.)</span></p>
<script type="application/json" id="report">${trusted(json.replaceAll("<", "\\u003c"))}</script>`;
}
