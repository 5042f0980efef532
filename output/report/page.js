// Sorts tables by a column, and filters the long ones. The page is whole without it.
"use strict";
(function () {
  function valueOf(row, column, isNumber) {
    const text = row.cells[column].textContent;
    if (!isNumber) return text.toLowerCase();
    const number = parseFloat(text.replace(/under |over |,/g, ""));
    return isNaN(number) ? -1 : number;
  }
  // Numbers are sorted downward first, words upward; again turns the order round.
  function sortBy(table, column) {
    const head = table.tHead.rows[0].cells[column];
    const isNumber = head.classList.contains("n");
    const before = head.getAttribute("aria-sort");
    const now = before === "ascending" ? "descending" : before === "descending" ? "ascending" :
      isNumber ? "descending" : "ascending";
    const rows = Array.from(table.tBodies[0].rows);
    rows.sort(function (a, b) {
      const x = valueOf(a, column, isNumber), y = valueOf(b, column, isNumber);
      const order = x < y ? -1 : x > y ? 1 : 0;
      return now === "ascending" ? order : -order;
    });
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", now);
    for (const row of rows) table.tBodies[0].appendChild(row);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.tHead || table.tBodies[0].rows.length < 2) continue;
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      cell.textContent = "";
      cell.appendChild(button);
      button.addEventListener("click", function () { sortBy(table, column); });
    });
    if (!table.classList.contains("filtered") || table.tBodies[0].rows.length < 8) continue;
    const input = document.createElement("input");
    input.type = "search";
    input.className = "filter";
    input.placeholder = "Filter these rows";
    input.setAttribute("aria-label", "Filter: " + table.caption.textContent.trim());
    input.addEventListener("input", function () {
      const wanted = input.value.toLowerCase();
      for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    table.caption.appendChild(input);
  }
})();
