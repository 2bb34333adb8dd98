// What is sent along with a question so that any process of the service finds where the conversation stands: the
// questions asked before it. The service remembers none of them, and reads no more than `counted` says in
// assistant/serving/conversation.py; here it is never more than that.
//
// Where some are left out, the beginning moves by several at a time, for what a process found for one beginning it need
// not find again. And where those that are sent are about a medicine that only an older question named, that question
// stays in front: without it the medicine would be asked for again, or the page's be taken for it.

import type { Answer } from "./wire.ts";

/** A question whose answer was shown; the product that it was about; whether it named that itself. */
export interface Asked {
  question: string;
  product: string;
  named: boolean;
}

export interface Before {
  product?: string;
  earlier?: string[];
}

const MOST = 12;
const STEP = 6;
const MOST_CHARACTERS = 2_000;

/** @returns null where the conversation is after the question where it was before: it was out of scope, or not read. */
export function asked(question: string, { slots, carried, outcome }: Answer): Asked | null {
  const product = slots["product"] ?? "";
  if (!product && outcome === "out_of_scope") return null;
  return { question, product, named: product !== "" && !carried.includes("product") };
}

/** What to send along with the question after `conversation`. `page`: the product that the page is about, if any. */
export function before(conversation: readonly Asked[], page: string | null): Before {
  const last = conversation.at(-1);
  const given = page ? { product: page } : {};
  if (!last) return given;
  const count = conversation.length;
  for (let from = 0; from < count - 1; from += count - from > STEP ? STEP : 1) {
    const earlier = since(conversation, from);
    if (earlier.length <= MOST && characters(earlier) <= MOST_CHARACTERS) return { ...given, earlier };
  }
  // The last one is read however long it is; nothing else is beside it, so what it was about has to be said.
  const about = count > 1 && !last.named && last.product ? { product: last.product } : given;
  return { ...about, earlier: [last.question] };
}

/** The questions from `from` on, behind the one that named what they are about. */
function since(conversation: readonly Asked[], from: number): string[] {
  const about = conversation[from - 1]?.product;
  const naming = conversation.slice(0, from).filter((turn) => turn.named && turn.product === about);
  const sent = conversation.slice(from);
  if (naming.length && !sent[0]?.named) sent.unshift(naming.at(-1)!);
  return sent.map((turn) => turn.question);
}

function characters(questions: string[]): number {
  return questions.reduce((sum, question) => sum + [...question].length, 0);
}
