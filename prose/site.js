// What is wider than the page scrolls in its box: tables, formulas. The arrow keys scroll only what Tab can reach.
addEventListener("load", () => {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap, math[display=block]")) box.tabIndex = 0
})
