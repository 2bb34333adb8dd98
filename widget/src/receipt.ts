// The check of a receipt in the browser: SHA-256 by Web Crypto over the bytes that arrived.
//
// What it shows: every byte of the text is the one that the receipt speaks of, each span has the hash of the passage
// or literal that it names, the spans cover the text without gap or overlap, every companion that the receipt lists
// is shown, what is said to be carried over is what the receipt says, and no field of the receipt was changed by
// accident or on the way. What it does not show by itself: that the receipt is a good one. For that see trust.ts.

import { ANSWER_SCHEMA, RECEIPT_SCHEMA, type Answer } from "./wire.ts";

/** The words of a broken rule; the answer is then not shown. */
export class Broken extends Error {}

export function canUseCrypto(): boolean {
  return typeof crypto !== "undefined" && crypto.subtle !== undefined;
}

export async function sha256(data: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** UTF-8 bytes of `value` in the form of assistant/canonical.py: sorted keys, no white space, integers only. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Broken("the receipt has no canonical form");
  return JSON.stringify(value);
}

/** By code points, as Python sorts; JavaScript's own order is by UTF-16 units. */
function compare(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const gap = left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!;
    if (gap) return gap;
  }
  return left.length - right.length;
}

export interface Piece {
  text: string;
  span: Answer["spans"][number];
}

/** The text cut at its spans. Offsets count bytes of UTF-8; a span that ends inside a character is broken. */
export function pieces(answer: Answer): Piece[] {
  const bytes = new TextEncoder().encode(answer.text);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let at = 0;
  const cut = answer.spans.map((span) => {
    require(span.start === at && span.end > at && span.end <= bytes.length, "the spans do not cover the text");
    at = span.end;
    try {
      return { text: decoder.decode(bytes.subarray(span.start, span.end)), span };
    } catch {
      throw new Broken("a span ends inside a character");
    }
  });
  require(at === bytes.length, "the spans do not cover the text");
  return cut;
}

/** @throws Broken what arrived is not what the receipt says. */
export async function checkReceipt(answer: Answer): Promise<void> {
  const { receipt } = answer;
  const { receipt_sha256: seal, ...rest } = receipt;
  const utf8 = new TextEncoder();
  require(answer.schema === ANSWER_SCHEMA && receipt.schema === RECEIPT_SCHEMA, "it is of another version");
  require((await sha256(utf8.encode(canonical(rest)))) === seal, "the receipt was changed");
  require((await sha256(utf8.encode(answer.text))) === receipt.answer_sha256, "the text was changed");
  for (const field of ["outcome", "flags", "context"] as const) {
    require(canonical(answer[field]) === canonical(receipt[field]), `the ${field} is not that of the receipt`);
  }
  require(answer.intent.name === receipt.intent, "the intent is not that of the receipt");
  require(answer.preview === (receipt.release === undefined), "the receipt is not of the release that is named");
  checkCarried(answer);
  await checkSpans(answer);
  checkCompanions(answer);
  checkReferences(answer);
}

async function checkSpans(answer: Answer): Promise<void> {
  const stated = answer.receipt.spans;
  const cut = pieces(answer);
  require(cut.length > 0 && cut.length === stated.length, "the spans are not those of the receipt");
  for (const [at, { span, text }] of cut.entries()) {
    const { source, id, version, sha256: hash, role } = stated[at]!;
    const same = source === span.source && id === span.id && version === span.version && hash === span.sha256;
    require(same && role === (span.role ?? ""), "the spans are not those of the receipt");
    require((await sha256(new TextEncoder().encode(text))) === hash, `the words of ${id} were changed`);
  }
}

function checkCarried({ carried, slots, receipt }: Answer): void {
  const values = carried.map((name) => [name, Object.hasOwn(slots, name) ? slots[name]! : null] as const);
  const same = canonical(Object.fromEntries(values)) === canonical(receipt.carried ?? {});
  require(same && new Set(carried).size === carried.length, "what is said to be carried over is not what the receipt says");
}

function checkCompanions(answer: Answer): void {
  const shown = new Set(answer.spans.filter((span) => span.source === "passage").map((span) => span.id));
  for (const { id } of answer.receipt.companions) require(shown.has(id), `${id}, which must go with it, is missing`);
}

function checkReferences(answer: Answer): void {
  const sources = new Map(answer.references.map((reference) => [reference.passage, reference]));
  for (const span of answer.spans) {
    if (span.source !== "passage") continue;
    const reference = sources.get(span.id);
    require(reference?.document === span.document && reference?.locator === span.locator && reference?.version === span.version, `the source of ${span.id} is not given`);
  }
}

export function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Broken(otherwise);
}
