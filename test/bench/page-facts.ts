/** A rectangle in pixels of the screen. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What there is to see of a page, measured by the browser. */
export interface PageFacts {
  readonly width: number;
  readonly scrollWidth: number;
  readonly headings: readonly string[];
  readonly plots: readonly {
    readonly title: string;
    readonly box: Box;
    readonly texts: readonly { readonly text: string; readonly box: Box }[];
  }[];
  readonly figures: readonly { readonly head: string; readonly height: number; readonly caption: string }[];
  readonly hidden: { readonly nav: boolean; readonly save: boolean };
  readonly background: string;
}

/** Runs in the page. As text, since the project's types know no document. */
export const PAGE_FACTS = `(() => {
  const box = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  const seen = (element) => element.getClientRects().length > 0;
  const plots = [...document.querySelectorAll("svg.plot")].filter(seen);
  return {
    width: innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    headings: [...document.querySelectorAll("h1, h2")].filter(seen).map((one) => one.textContent),
    plots: plots.map((svg) => ({
      title: svg.querySelector("title").textContent,
      box: box(svg),
      texts: [...svg.querySelectorAll("text")].map((text) => ({ text: text.textContent, box: box(text) })),
    })),
    figures: [...document.querySelectorAll("figure")].map((figure) => ({
      head: figure.querySelector("h3").textContent,
      height: figure.getBoundingClientRect().height,
      caption: figure.querySelector("figcaption").textContent,
    })),
    hidden: { nav: !seen(document.querySelector("nav")), save: !seen(document.querySelector("#save")) },
    background: getComputedStyle(document.body).backgroundColor,
  };
})()`;
