// Blocks as elements: headings, lists with their own marks, tables as tables.

import { parse, type Block, type Cell, type Item, type Line, type Run, type Table } from "./blocks.ts";
import { el } from "./dom.ts";

/** The text of a passage, drawn. Nothing is folded away and nothing is left out. */
export function drawPassage(text: string): HTMLElement {
  const groups = parse(text).map((group) => el("div", { class: "group" }, ...group.map(drawBlock)));
  return el("div", { class: "words", part: "words" }, ...groups);
}

function drawBlock(block: Block): HTMLElement {
  switch (block.type) {
    case "heading":
      return el("h4", {}, ...drawLine(block.line));
    case "paragraph":
      return el("p", {}, ...drawLines(block.lines));
    case "list":
      return el("ul", { role: "list" }, ...block.items.map(drawItem));
    case "table":
      return drawTable(block);
    case "notes":
      return el("div", { class: "notes" }, ...block.notes.map((note) => el("p", {}, `[${note.mark}] `, ...drawLines(note.lines))));
    case "picture":
      return el("p", {}, picture(block.caption, block.file));
  }
}

function drawItem(item: Item): HTMLElement {
  const mark = item.mark === "-" ? el("span", { class: "mark", "aria-hidden": "true" }, "•") : el("span", { class: "mark" }, item.mark);
  return el("li", {}, mark, el("div", {}, ...item.body.map(drawBlock)));
}

function drawTable(table: Table): HTMLElement {
  const head = table.head.map((row) => el("tr", {}, ...row.map((cell) => drawCell(cell, true))));
  const body = table.body.map((row) => el("tr", {}, ...row.map((cell) => drawCell(cell, false))));
  const drawn = el("table", {}, head.length > 0 && el("thead", {}, ...head), el("tbody", {}, ...body));
  const size = `Table of ${table.body.length} rows and ${table.columns} columns`;
  const frame = el("div", { class: "scroller", role: "group", "aria-label": size }, drawn);
  return el("div", { class: "table", part: "table" }, el("p", { class: "hint", "aria-hidden": "true" }, "Scroll sideways for all columns →"), frame);
}

function drawCell(cell: Cell, head: boolean): HTMLElement {
  const spans = { colspan: cell.columns > 1 ? cell.columns : null, rowspan: cell.rows > 1 ? cell.rows : null };
  const said = cell.lines.some((line) => line.length);
  if (head && said) return el("th", { ...spans, scope: cell.columns > 1 ? "colgroup" : "col" }, ...drawLines(cell.lines));
  return el("td", spans, ...drawLines(cell.lines));
}

function drawLines(lines: Line[]): Node[] {
  return lines.flatMap((line, at) => (at ? [el("br"), ...drawLine(line)] : drawLine(line)));
}

function drawLine(line: Line): Node[] {
  return line.map(drawRun);
}

function drawRun(run: Run): Node {
  switch (run.mark) {
    case "sup":
    case "sub":
      return el(run.mark, {}, run.text);
    case "note":
      return el("sup", {}, `[${run.text}]`); // in brackets: 20.6 with a raised 2 alone would read as a power
    case "picture":
      return picture(run.text, run.file ?? "");
    default:
      return el("span", {}, run.text);
  }
}

function picture(caption: string, file: string): HTMLElement {
  return el("span", { class: "picture" }, `[picture: ${caption.trim() || file}]`);
}

/** Lets the keyboard into the tables that are wider than their place, and only into those. */
export function watchTables(root: ParentNode): ResizeObserver {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const wide = target.scrollWidth > target.clientWidth + 1;
      target.parentElement?.classList.toggle("wide", wide);
      if (wide) target.setAttribute("tabindex", "0");
      else target.removeAttribute("tabindex");
    }
  });
  for (const frame of root.querySelectorAll(".scroller")) observer.observe(frame);
  return observer;
}
