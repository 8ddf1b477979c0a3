/** The page is whole without it: it only hands the JSON over as a file. */
export const PAGE_SCRIPT = `
const link = document.getElementById("save");
link.addEventListener("click", () => {
  const json = document.getElementById("report").textContent;
  link.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
});
`;
