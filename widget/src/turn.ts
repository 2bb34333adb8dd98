// One question and what came of it, as an article of the log.

import { drawAnswer, label, verdictWords, type Checked } from "./answer.ts";
import { copy, print } from "./carry.ts";
import { button, el } from "./dom.ts";
import { feedbackForm, type SendFeedback } from "./feedback.ts";
import type { Piece } from "./receipt.ts";
import type { Answer, Choice } from "./wire.ts";
import { CHANGED, CHANGED_MORE, TITLES } from "./words.ts";

export interface Hands {
  choose(choice: Choice): void;
  again(): void;
  say(words: string): void;
  feedback: SendFeedback;
}

let turns = 0;

/** The article of a question that waits for its answer. */
export function beginTurn(question: string): HTMLElement {
  const id = `turn-${++turns}`;
  return el(
    "article",
    { class: "turn", part: "turn", "aria-labelledby": id },
    el("h3", { class: "asked", part: "question", id, tabindex: "-1" }, el("span", { class: "quiet" }, "You asked: "), question),
    el("p", { class: "waiting" }, "Looking for approved words"),
  );
}

export function endTurn(turn: HTMLElement, ...parts: (HTMLElement | null)[]): void {
  turn.querySelector(".waiting")?.remove();
  turn.append(...parts.filter((part) => part !== null));
}

export function showAnswer(turn: HTMLElement, answer: Answer, cut: Piece[], checked: Checked, hands: Hands): void {
  endTurn(turn, drawAnswer(answer, cut), choices(answer, hands), check(answer, checked), tools(answer, cut, checked, hands));
}

/** In place of an answer that could not be proved: none of its words. */
export function showChanged(turn: HTMLElement, why: string): void {
  endTurn(
    turn,
    el("div", { class: "changed", part: "changed" }, el("strong", {}, CHANGED), el("p", {}, CHANGED_MORE), el("p", { class: "note" }, `What is wrong: ${why}.`)),
  );
}

export function showFailure(turn: HTMLElement, words: string, hands: Hands): void {
  endTurn(turn, el("div", { class: "failed", part: "failed" }, el("strong", {}, words), el("div", { class: "tools" }, button("Ask again", {}, hands.again))));
}

/** What a screen reader is told when an answer has come: how it ended, what it holds, how it was checked. */
export function summary(answer: Answer, checked: Checked): string {
  const passages = answer.spans.filter((span) => span.source === "passage");
  const own = passages.filter((span) => span.role !== "companion").length;
  const names = passages.filter((span) => span.role === "companion").map((span) => label(answer, span.id, true).replace(/^.*Goes with it:? ?/, "") || "a passage that goes with it");
  const parts = [
    answer.preview ? "Preview, not approved." : "",
    TITLES[answer.outcome] ? `${TITLES[answer.outcome]}.` : "Answer.",
    answer.outcome === "answered" ? `${own} ${own === 1 ? "passage" : "passages"}${names.length ? `, with ${names.join(", ")}` : ""}.` : "",
    answer.choices.length ? `${answer.choices.length} choices.` : "",
    `${verdictWords(answer, checked).line}.`,
  ];
  return parts.filter(Boolean).join(" ");
}

function choices(answer: Answer, hands: Hands): HTMLElement | null {
  if (!answer.choices.length) return null;
  const alike = (choice: Choice) => answer.choices.filter((other) => other.label === choice.label).length > 1;
  const words = (choice: Choice) => (alike(choice) ? `${choice.label} (${choice.id})` : choice.label);
  const asks = answer.outcome === "clarify" ? "Choose one:" : "Or did you mean:";
  return el(
    "nav",
    { class: "choices", part: "choices", "aria-label": asks.replace(":", "") },
    el("p", {}, asks),
    el("ul", { role: "list" }, ...answer.choices.map((choice) => el("li", {}, button(words(choice), { part: "choice" }, () => hands.choose(choice))))),
  );
}

function check(answer: Answer, checked: Checked): HTMLElement {
  const { line, good, more } = verdictWords(answer, checked);
  const receipt = el("li", {}, "Receipt ", el("code", {}, answer.receipt.receipt_sha256));
  return el(
    "details",
    { class: "check", part: "check" },
    el("summary", {}, el("span", { class: good ? "good" : "poor" }, `${good ? "✓" : "!"} ${line}`)),
    el("ul", {}, ...more.map((words) => el("li", {}, words)), receipt),
  );
}

function tools(answer: Answer, cut: Piece[], checked: Checked, hands: Hands): HTMLElement {
  const copying = button("Copy with sources", { part: "tool" }, async () => {
    hands.say((await copy(answer, cut)) ? "Copied, with what goes with it and the sources." : "This browser does not allow copying.");
  });
  const printing = button("Print", { part: "tool" }, () => print(answer, cut, checked));
  return el("div", { class: "tools", part: "tools" }, copying, printing, feedbackForm(answer, hands.feedback, hands.say));
}
