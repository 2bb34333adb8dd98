// Was this the right passage? One verdict an answer, with a comment for those who want to say more.

import { button, el } from "./dom.ts";
import type { Answer } from "./wire.ts";

export type SendFeedback = (body: { answer: string; verdict: string; comment?: string }) => Promise<void>;

const VERDICTS: [verdict: string, label: string][] = [
  ["right", "Right"],
  ["wrong_passage", "Wrong passage"],
  ["should_have_answered", "Should have answered"],
];

export function feedbackForm(answer: Answer, send: SendFeedback, say: (words: string) => void): HTMLElement {
  const answered = answer.outcome === "answered";
  const form = el("div", { class: "feedback", role: "group", "aria-label": "Feedback on this answer", part: "feedback" });
  const buttons = VERDICTS.filter(([verdict]) => verdict === "right" || (verdict === "wrong_passage") === answered).map(
    ([verdict, words]) => button(words, { "aria-pressed": "false", part: "tool" }, () => press(verdict)),
  );
  const names = VERDICTS.filter(([verdict]) => verdict === "right" || (verdict === "wrong_passage") === answered);
  form.append(...buttons);

  async function deliver(verdict: string, comment = ""): Promise<boolean> {
    try {
      await send({ answer: answer.receipt.receipt_sha256, verdict, ...(comment ? { comment } : {}) });
      say("Thank you, noted.");
      return true;
    } catch {
      say("Your feedback could not be sent.");
      return false;
    }
  }

  async function press(verdict: string): Promise<void> {
    if (!(await deliver(verdict))) return;
    names.forEach(([name], at) => buttons[at]!.setAttribute("aria-pressed", String(name === verdict)));
    form.querySelector(".comment")?.remove();
    if (verdict !== "right") form.append(commentBox(verdict));
  }

  function commentBox(verdict: string): HTMLElement {
    const box = el("textarea", { rows: "2", maxlength: "2000" });
    const sent = button("Send comment", {}, async () => {
      if (box.value.trim() && (await deliver(verdict, box.value.trim()))) form.querySelector(".comment")?.remove();
    });
    return el("div", { class: "comment" }, el("label", {}, "What would have been right? Please write nothing about a patient.", box), sent);
  }

  return form;
}
