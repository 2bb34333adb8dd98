// Copy and print. Both take the whole answer: the words, what goes with them, the sources, how it was checked.

import { carriedWords, drawAnswer, section, spoken, verdictWords, type Checked } from "./answer.ts";
import { el } from "./dom.ts";
import type { Piece } from "./receipt.ts";
import { PAGE, PAPER, sheet } from "./style.ts";
import type { Answer } from "./wire.ts";
import { FLAGS, PREVIEW, TITLES } from "./words.ts";

/** The answer as plain text: its exact bytes between what says how it ended and where it comes from. */
export function asText(answer: Answer): string {
  const flags = answer.flags.filter((flag) => flag !== answer.outcome).map((flag) => FLAGS[flag] ?? flag);
  const before = [answer.preview ? PREVIEW : "", TITLES[answer.outcome] ?? answer.outcome, ...flags, carriedWords(answer)].filter(Boolean);
  return [...before, answer.text, ["Sources", ...sources(answer)].join("\n"), receiptLine(answer)].join("\n\n");
}

function sources(answer: Answer): string[] {
  return answer.references.flatMap((reference) => [
    `- ${reference.title}, ${section(reference)}, version ${reference.version}, in force since ${spoken(reference.effective)}${reference.expires ? `, until ${spoken(reference.expires)}` : ""}`,
    ...reference.citations.map((literature) => `  Literature: ${literature}`),
  ]);
}

function receiptLine(answer: Answer): string {
  const { audience, market, date } = answer.context;
  const release = answer.receipt.release;
  const from = release ? `Release ${release.name} ${release.number}. ` : "";
  return `${from}Given for ${audience}, ${market}, on ${spoken(date ?? "")}. Receipt ${answer.receipt.receipt_sha256}`;
}

/** Puts the answer on the clipboard as text and as a document with its tables. @returns whether it is there. */
export async function copy(answer: Answer, cut: Piece[]): Promise<boolean> {
  const text = asText(answer);
  const drawn = drawAnswer(answer, cut);
  for (const left of drawn.querySelectorAll(".hint")) left.remove();
  drawn.append(el("p", {}, receiptLine(answer)));
  for (const node of [drawn, ...drawn.querySelectorAll("*")]) for (const name of ["class", "part", "data-passage", "role", "aria-label"]) node.removeAttribute(name);
  const html = drawn.outerHTML;
  try {
    const blob = (type: string, content: string) => new Blob([content], { type });
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob("text/plain", text), "text/html": blob("text/html", html) })]);
    return true;
  } catch {
    return copyByEvent(text, html);
  }
}

/** For pages without the clipboard interface: those that are not over HTTPS, and browsers that refuse it. */
function copyByEvent(text: string, html: string): boolean {
  let put = false;
  const onCopy = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.clipboardData?.setData("text/html", html);
    event.preventDefault();
    event.stopImmediatePropagation();
    put = true;
  };
  document.addEventListener("copy", onCopy, { capture: true, once: true });
  try {
    document.execCommand("copy");
  } finally {
    document.removeEventListener("copy", onCopy, { capture: true });
  }
  return put;
}

/** Prints the answer alone, whatever stands around the widget on the page. */
export function print(answer: Answer, cut: Piece[], checked: Checked): void {
  const host = document.createElement("onlabel-chat-print");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet(PAPER)];
  const words = verdictWords(answer, checked);
  const drawn = drawAnswer(answer, cut);
  for (const left of drawn.querySelectorAll(".hint")) left.remove();
  root.append(
    el("div", { class: "sheet" }, el("h3", { class: "asked" }, answer.question), drawn,
      el("div", { class: "meta" }, el("p", {}, receiptLine(answer)), el("p", {}, `${words.line}. ${words.more.join(" ")}`))),
  );
  const page = sheet(PAGE);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
  document.body.append(host);
  const done = () => {
    host.remove();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== page);
  };
  window.addEventListener("afterprint", done, { once: true });
  window.print();
}
