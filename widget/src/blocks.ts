// A passage's text as the blocks of docs/content-format.md. The twin of assistant/serving/blocks.py, held to it by
// tests/test_widget.py on every sample passage and on hostile text: every character that is neither a mark of the
// format nor white space stands in exactly one block, unchanged and in order, and nothing is guessed into a list or
// table that the format does not make of it.

export interface Run {
  mark: "text" | "sup" | "sub" | "note" | "picture";
  text: string;
  file?: string;
}
export type Line = Run[];
export interface Item {
  mark: string;
  body: Block[];
}
export interface Cell {
  lines: Line[];
  column: number;
  columns: number;
  rows: number;
}
export interface Table {
  type: "table";
  columns: number;
  head: Cell[][];
  body: Cell[][];
}
export type Block =
  | { type: "heading"; line: Line }
  | { type: "paragraph"; lines: Line[] }
  | { type: "picture"; caption: string; file: string }
  | { type: "list"; items: Item[] }
  | Table
  | { type: "notes"; notes: { mark: string; lines: Line[] }[] };

const BLANK = " \t\r\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000".replace("\u2000-\u200a", range(0x2000, 0x200a));
/** What Python's `\s` matches; that of JavaScript is another set. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WIDEST = 100;
const DEEPEST = 12;

const INLINE = new RegExp(
  "<(su[pb])>([^<\\n]{0,400})</\\1>" +
    `|\\[\\^([^\\]\\[${SPACE}]{1,40})\\]` +
    "|!\\[([^\\n]{0,600}?)\\]\\(([^()\\n]{0,200}(?:\\([^()\\n]{0,100}\\)[^()\\n]{0,100}){0,3})\\)",
  "gu",
);
const NOTE = new RegExp(`^\\[\\^([^\\]\\[${SPACE}]{1,40})\\]:(?: ([^\\n]*))?$`, "u");
const ITEM = /^(-|\p{Nd}{1,3}[a-z]?\.|[A-Za-z]\.|[ivxIVX]{2,6}\.)(?: +([^\n]*))?$/u;
const CELL = /((?:\\\||[^|])*)(\|*)/gu;
const HEAD_END = /^\|(?:---\|)+$/;
const LOOSE_HEAD_END = /^\|(?: *:?-{3,}:? *\|)+$/;
const FIRST_MARK = /^(?:-|\p{Nd}.*|[aA]\.|[iI]\.)$/u;

function range(from: number, to: number): string {
  let all = "";
  for (let code = from; code <= to; code++) all += String.fromCharCode(code);
  return all;
}

function trimEnd(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function trim(text: string, chars: string): string {
  const kept = trimEnd(text, chars);
  let start = 0;
  while (start < kept.length && chars.includes(kept[start]!)) start++;
  return kept.slice(start);
}

/** The blocks of a passage, in groups that blank lines part. */
export function parse(text: string): Block[][] {
  const groups: Block[][] = [];
  let waiting: string[] = [];
  for (const line of [...text.split("\n"), ""]) {
    if (trim(line, BLANK)) {
      waiting.push(line.endsWith("\r") ? line.slice(0, -1) : line);
    } else if (waiting.length) {
      groups.push(blocks(waiting, 0, false));
      waiting = [];
    }
  }
  return groups;
}

/** The runs of one line. */
export function inline(line: string): Line {
  const runs: Line = [];
  let at = 0;
  if (line.includes("<su") || line.includes("[")) {
    for (const match of line.matchAll(INLINE)) {
      if (match.index > at) runs.push({ mark: "text", text: line.slice(at, match.index) });
      runs.push(...marked(match));
      at = match.index + match[0].length;
    }
  }
  if (at < line.length) runs.push({ mark: "text", text: line.slice(at) });
  return runs;
}

function marked([, tag, raised, note, caption, file]: RegExpMatchArray): Line {
  if (tag) {
    if (raised!.includes("[^")) return inline(raised!); // a raised footnote mark is raised anyway
    return raised ? [{ mark: tag as "sup" | "sub", text: raised }] : [];
  }
  if (note) return [{ mark: "note", text: note }];
  return [{ mark: "picture", text: caption!, file: file! }];
}

/** The blocks of lines without a blank one; `lead`: the first is an item's text, whatever it looks like. */
function blocks(lines: string[], depth: number, lead: boolean): Block[] {
  const found: Block[] = [];
  let plain: string[] = lead ? [lines[0]!] : [];
  let at = lead ? 1 : 0;
  while (at < lines.length) {
    // At the outermost level a blank line must stand before a list: `- 5` inside a paragraph may be a number.
    const [block, after] = blockAt(lines, at, depth, depth > 0 || !plain.length);
    if (!block) {
      plain.push(...lines.slice(at, after));
    } else {
      if (plain.length) found.push(paragraph(plain));
      plain = [];
      found.push(block);
    }
    at = after;
  }
  if (plain.length) found.push(paragraph(plain));
  return found;
}

function blockAt(lines: string[], at: number, depth: number, listable: boolean): [Block | null, number] {
  const line = lines[at]!;
  if (line.startsWith("## ") && !depth) return [{ type: "heading", line: inline(trim(line.slice(3), BLANK)) }, at + 1];
  if (line.startsWith("|")) {
    const after = runOf(lines, at, "|");
    return [table(lines.slice(at, after)), after];
  }
  if (line.startsWith("[^") && NOTE.test(line)) return [notes(lines, at), lines.length];
  if (line.startsWith("![")) {
    const runs = inline(trim(line, BLANK));
    const only = runs[0];
    if (runs.length === 1 && only?.mark === "picture") {
      return [{ type: "picture", caption: only.text, file: only.file ?? "" }, at + 1];
    }
  }
  if (listable && depth < DEEPEST && FIRST_MARK.test(ITEM.exec(line)?.[1] ?? "")) return list(lines, at, depth);
  return [null, at + 1];
}

function paragraph(lines: string[]): Block {
  return { type: "paragraph", lines: lines.map((line) => inline(trim(line, " \t"))) };
}

function runOf(lines: string[], at: number, beginning: string): number {
  while (at < lines.length && lines[at]!.startsWith(beginning)) at++;
  return at;
}

function list(lines: string[], at: number, depth: number): [Block, number] {
  const items: Item[] = [];
  for (let match; at < lines.length && (match = ITEM.exec(lines[at]!)); ) {
    const after = runOf(lines, at + 1, "  ");
    const own = trim(match[2] ?? "", " \t");
    const below = lines.slice(at + 1, after).map((line) => line.slice(2));
    items.push({ mark: match[1]!, body: blocks(own ? [own, ...below] : below, depth + 1, own !== "") });
    at = after;
  }
  return [{ type: "list", items }, at];
}

/** Footnotes: a line that begins none goes on with the one before, to the end of the group. */
function notes(lines: string[], at: number): Block {
  const said: { mark: string; lines: string[] }[] = [];
  for (const line of lines.slice(at)) {
    const match = NOTE.exec(line);
    if (match) said.push({ mark: match[1]!, lines: [match[2] ?? ""] });
    else said.at(-1)!.lines.push(line);
  }
  return {
    type: "notes",
    notes: said.map((note) => ({
      mark: note.mark,
      lines: note.lines.filter(Boolean).map((line) => inline(trim(line, " \t"))),
    })),
  };
}

/** The table that these lines make; null without a line that ends the head, or if it is absurdly wide. */
function table(lines: string[]): Table | null {
  const ended = (pattern: RegExp) => lines.findIndex((line) => pattern.test(trimEnd(line, BLANK)));
  const ends = ended(HEAD_END) >= 0 ? ended(HEAD_END) : ended(LOOSE_HEAD_END);
  if (ends < 0) return null;
  const rows = lines.map(cellsOf);
  const columns = Math.max(...rows.map(taken));
  if (columns > WIDEST) return null;
  return { type: "table", columns, head: grid(rows.slice(0, ends), columns), body: grid(rows.slice(ends + 1), columns) };
}

type Written = [text: string, columns: number];

function taken(row: Written[]): number {
  return row.reduce((sum, [, columns]) => sum + columns, 0);
}

/** The cells of a line. A pipe behind a backslash is text. */
function cellsOf(line: string): Written[] {
  const cells: Written[] = [];
  for (const match of trimEnd(line, BLANK).slice(1).matchAll(CELL)) {
    const text = trim(match[1]!, " \t");
    if (match[2] || text) cells.push([text, Math.max(1, match[2]!.length)]);
  }
  return cells;
}

function grid(rows: Written[][], columns: number): Cell[][] {
  let above = new Map<number, Cell>();
  return rows.map((row) => {
    const own: Cell[] = [];
    const here = new Map<number, Cell>();
    let column = 0;
    const missing: Written[] = Array.from({ length: columns - taken(row) }, () => ["", 1]);
    for (const [text, width] of [...row, ...missing]) {
      const over = above.get(column);
      if (text === "^^" && over?.columns === width) {
        over.rows++;
        here.set(column, over);
      } else {
        const cell = { lines: cellLines(text), column, columns: width, rows: 1 };
        here.set(column, cell);
        own.push(cell);
      }
      column += width;
    }
    above = here;
    return own;
  });
}

function cellLines(text: string): Line[] {
  if (!text) return [];
  return text.replaceAll("\\|", "|").split("<br>").map((line) => inline(trimEnd(line, " \t\r")));
}
