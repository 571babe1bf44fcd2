// Names, roles and keys that formgrader's pages lack. Its own scripts write most of what is on them, so no template can
// bring these along. Whatever appears later (rows of a table, a dialog) is mended when it does.
(() => {
  const EYES = ".glyphicon.name-hidden, .glyphicon.name-shown";
  const CONTROLS = "a, button, [role=button], summary, th[tabindex]";
  const all = selector => document.querySelectorAll(selector);
  const words = element => (element ? element.innerText || element.textContent : "").replace(/\s+/g, " ").trim();
  const set = (element, names) =>
    Object.entries(names).forEach(([name, value]) => {
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    });

  // A link or a mark in a table that is only an icon is called by the head of its column, and by its row.
  const nameIcons = () =>
    all("#main-table td .glyphicon").forEach(icon => {
      if (icon.matches(EYES)) return;
      const cell = icon.closest("td");
      const head = words(cell.closest("table").tHead.rows[0].cells[cell.cellIndex]);
      const row = [...cell.parentElement.cells].map(words).find(word => word && word !== "None, None"); // has no name
      const link = icon.closest("a");
      if (link) set(link, { "aria-label": `${head}: ${row}`, title: head });
      else set(icon, { role: "img", "aria-label": `${head.replace(/\?$/, "")}: yes` });
    });

  // What reacts to clicks only becomes a button.
  const makeButtons = () =>
    all(`${EYES}, .help`).forEach(icon => {
      const row = icon.closest("tr, li");
      const shown = row && row.querySelector(icon.matches(".name-shown") ? "a.name-shown" : "a.name-hidden");
      const verb = icon.matches(".name-shown") ? "Hide" : "Show";
      const name = icon.matches(".help") ? "Keyboard shortcuts" : `${verb} the name of ${shown.textContent.trim()}`;
      icon.removeAttribute("aria-hidden");
      set(icon, { role: "button", tabindex: "0", "aria-label": name });
    });

  const nameFields = () => {
    all(".nbgrader_cell").forEach(cell => {
      const field = cell.querySelector(".score, .comment");
      const step = field ? field.id.replace(/-comment$/, "") : "";
      const names = {
        ".score": "Points for", ".extra-credit": "Extra credit for", ".comment": "Comment on",
        ".mark-graded": "Resolve", ".full-credit": "Full credit for", ".no-credit": "No credit for",
      };
      for (const [kind, name] of Object.entries(names))
        cell.querySelectorAll(kind).forEach(found => set(found, { "aria-label": `${name} ${step}` }));
    });
    all(".modal").forEach(dialog => {
      set(dialog, { "aria-label": words(dialog.querySelector(".modal-title")), "aria-modal": "true" });
      dialog.querySelectorAll("tr").forEach(row =>
        row.querySelectorAll("input").forEach(field => set(field, { "aria-label": words(row.cells[0]) })));
    });
  };

  // A link that unfolds a panel is called a tab in a list of tabs, and is neither; an entry of a list is called nothing.
  const correctRoles = () => {
    all("[role=tab], [role=tablist], [role=tabpanel], li[role=presentation]").forEach(part => {
      part.removeAttribute("role");
      part.removeAttribute("aria-multiselectable");
    });
    all("ul:has(> ul)").forEach(outer => set(outer, { role: "presentation" }));
    all(".col-md-10").forEach(main => set(main, { role: "main" }));
    all(".col-md-2 > .nav-stacked").forEach(list => set(list.parentElement, { role: "navigation" }));
  };

  const mend = () => [nameIcons, makeButtons, nameFields, correctRoles].forEach(part => part());

  // Enter is for the control that has the focus; formgrader takes it for a way back to a field.
  const press = event => {
    if (!(event.target instanceof Element) || !event.target.matches(CONTROLS)) return;
    if (event.key === "Enter") event.stopPropagation();
    if (!event.target.matches("span, div") || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    const row = event.target.closest("tr, li");
    event.target.click();
    const other = row && [...row.querySelectorAll(EYES)].find(icon => icon.getClientRects().length);
    if (other) other.focus();
  };

  // Tab leads to every control, not only to the fields.
  const freeTab = () => {
    all("a[tabindex='-1']").forEach(link => link.removeAttribute("tabindex"));
    const keys = window.formgrader && window.formgrader.keyboard_manager;
    for (const key of keys ? ["tab", "shift-tab"] : []) {
      delete keys.handlers.body[key];
      delete keys.help[key];
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    const place = words(document.querySelector(".breadcrumb .active"));
    const heading = words(document.querySelector(".col-md-8 h1"));
    if (heading) document.title = [place, heading, "nbgrader"].filter((word, n, found) => word && found.indexOf(word) === n).join(" · ");
    mend();
    new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
  });
  window.addEventListener("keydown", press, true);
  window.addEventListener("load", () => setTimeout(freeTab));
})();
