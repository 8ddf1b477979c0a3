/**
 * How wide a text will be, in pixels, without a browser: by the advance widths of DejaVu Sans, the widest of the usual sans-serif
 * fonts, so that what fits by this fits by any. Bold adds a tenth.
 */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const sign of text) ems += signWidth(sign);
  return ems * fontSize;
}

function signWidth(sign: string): number {
  if (/[ijl.,:;|'!·]/.test(sign)) return 0.34;
  if (/[ftr()[\]\- /]/.test(sign)) return 0.41;
  if (/[mwMW@%—→…]/.test(sign)) return 1;
  if (/[A-ZÄÖÜ+=<>~÷×±≤≥#&]/.test(sign)) return 0.78;
  // Scripts whose signs are squares.
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u.test(sign))
    return 1.1;
  return 0.64;
}

/** In at most so many lines; what does not fit is cut off and ends in `…`. */
export function wrapText(text: string, fontSize: number, width: number, maxLines: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer, fontSize) <= width || line === "") line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== "") lines.push(line);
  const kept = lines.slice(0, maxLines);
  return kept.map((part, index) =>
    cutText(index === maxLines - 1 && lines.length > maxLines ? `${part} …` : part, fontSize, width),
  );
}

export function cutText(text: string, fontSize: number, width: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const signs = [...text];
  while (signs.length > 0 && textWidth(`${signs.join("")}…`, fontSize) > width) signs.pop();
  return `${signs.join("").trimEnd()}…`;
}
