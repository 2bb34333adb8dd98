// An answer as elements: which words are approved passages, where they come from, what goes with them.

import { el } from "./dom.ts";
import { drawPassage } from "./passage.ts";
import type { Piece } from "./receipt.ts";
import type { Verdict } from "./trust.ts";
import type { Answer, Reference } from "./wire.ts";
import { COMPANIONS, FLAGS, GRAVE, PREVIEW, TITLES } from "./words.ts";

/** How far the receipt was checked: fully, or not at all for want of Web Crypto. */
export type Checked = { done: true; verdict: Verdict } | { done: false };

/** Outcome, text and sources: what is shown, copied and printed, always whole. */
export function drawAnswer(answer: Answer, cut: Piece[]): HTMLElement {
  const sources = new Map(answer.references.map((reference) => [reference.passage, reference]));
  const shown = new Set(answer.spans.map((span) => span.id));
  const rest = answer.references.filter((reference) => !shown.has(reference.passage));
  return el(
    "div",
    { class: GRAVE.includes(answer.outcome) ? "body grave" : "body", part: "answer", lang: answer.context.language ?? null },
    answer.preview && el("p", { class: "preview", part: "preview" }, PREVIEW),
    ...heading(answer),
    ...cut.map((piece) => (piece.span.source === "passage" ? passage(answer, piece, sources.get(piece.span.id)) : frame(piece.text))),
    rest.length > 0 && el("div", { class: "sources" }, ...rest.map((reference) => cite(reference))),
  );
}

function heading(answer: Answer): HTMLElement[] {
  const title = TITLES[answer.outcome] ?? answer.outcome;
  const lines = title ? [el("p", { class: "outcome", part: "outcome" }, title)] : [];
  for (const flag of answer.flags) {
    if (flag !== answer.outcome) lines.push(el("p", { class: "flag" }, FLAGS[flag] ?? flag));
  }
  const carried = carriedWords(answer);
  if (carried) lines.push(el("p", { class: "carried" }, carried));
  return lines;
}

/** What the question did not say itself; "" where it said all. The receipt says the same, or nothing is drawn. */
export function carriedWords({ receipt: { carried = {} } }: Answer): string {
  const said = Object.entries(carried).map(([name, value]) => `${name} ${value}`);
  return said.length ? `Still about: ${said.join(", ")}` : "";
}

/** The literal text of a template: approved too, and no passage. */
function frame(text: string): HTMLElement | null {
  return text.trim() ? el("p", { class: "frame", part: "frame" }, text.trim()) : null;
}

function passage(answer: Answer, piece: Piece, reference: Reference | undefined): HTMLElement {
  const companion = piece.span.role === "companion";
  const tag = label(answer, piece.span.id, companion);
  return el(
    "section",
    {
      class: companion ? "passage companion" : "passage",
      part: companion ? "passage companion" : "passage",
      "aria-label": reference ? `${tag}: ${section(reference)}` : tag,
      "data-passage": piece.span.id,
    },
    el("p", { class: "tag", part: "tag" }, tag),
    drawPassage(piece.text),
    reference ? cite(reference) : null,
  );
}

/** What stands over a passage. A preview's words have not been approved, and are not called so. */
export function label(answer: Answer, id: string, companion: boolean): string {
  const kind = answer.preview ? "Passage, not yet approved" : "Approved passage";
  if (!companion) return kind;
  const asked = answer.receipt.companions.find((entry) => entry.id === id)?.asked_by ?? [];
  const name = asked.map(({ rule }) => COMPANIONS[rule.split(":").at(-1) ?? ""]).find(Boolean);
  return `${kind}. Goes with it${name ? `: ${name}` : ""}`;
}

function cite(reference: Reference): HTMLElement {
  return el(
    "div",
    { class: "cite", part: "citation" },
    el("p", {}, `${reference.title} · ${section(reference)} · version ${reference.version} · in force since `, day(reference.effective), ...(reference.expires ? [", until ", day(reference.expires)] : [])),
    ...reference.citations.map((literature) => el("p", {}, `Literature: ${literature}`)),
  );
}

/** `7.1 Strong CYP3A4 inhibitors`; the title alone where the locator says the same. */
export function section({ locator, section: title }: Reference): string {
  if (title.toLowerCase().startsWith(locator.toLowerCase())) return title;
  return /^\d/.test(locator) ? `${locator} ${title}` : title ? `${locator} · ${title}` : locator;
}

/** A day with its month in words: 01/02 is another day in London than in New York. */
export function day(iso: string): HTMLElement {
  return el("time", { datetime: iso }, spoken(iso));
}

export function spoken(iso: string): string {
  const date = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(date);
}

/** The result of the check in one line, and what it does and does not show. */
export function verdictWords(answer: Answer, checked: Checked): { line: string; good: boolean; more: string[] } {
  if (!checked.done) {
    return {
      line: "Receipt not checked: this page does not come over a secure connection",
      good: false,
      more: ["A browser offers the means for it (Web Crypto) to pages over HTTPS only."],
    };
  }
  const passages = answer.spans.filter((span) => span.source === "passage").length;
  const more = [
    `Every byte of the text and of its ${passages === 1 ? "passage" : `${passages} passages`} has the SHA-256 of the receipt, and the receipt is as it was made.`,
    origin(answer, checked.verdict),
    "Who signed which passage is proved with the release: onlabel verify.",
  ];
  const pinned = checked.verdict.kind.startsWith("pinned");
  return { line: pinned ? "Receipt checked, against what this page pins" : "Receipt checked: unchanged since it was made", good: true, more };
}

function origin(answer: Answer, verdict: Verdict): string {
  switch (verdict.kind) {
    case "pinned-release":
      return `Every word stands in release ${verdict.release}, whose fingerprint this page pins.`;
    case "pinned-key":
      return `Every word stands in release ${verdict.release}, signed by a key that this page pins.`;
    case "server-key":
      return "This page pins nothing. A key was offered by the same server that answered: that shows nothing about the server.";
    default:
      return answer.preview
        ? "A preview belongs to no signed release: this shows only that nothing changed on the way."
        : "This page pins nothing: that the release is the approved one is said by the server alone.";
  }
}
