// What is sent to the service, and what it sends: docs/serving.md. Offsets are bytes of the UTF-8 of `text`.

export interface Question {
  question: string;
  /** What is meant where the questions name none. */
  product?: string;
  /** The questions before it, the oldest first. */
  earlier?: string[];
}

export interface Span {
  start: number;
  end: number;
  source: "passage" | "template";
  id: string;
  version: string;
  sha256: string;
  role?: string;
  document?: string;
  locator?: string;
}

export interface Reference {
  passage: string;
  document: string;
  title: string;
  version: string;
  locator: string;
  section: string;
  effective: string;
  expires: string | null;
  citations: string[];
}

export interface Choice {
  id: string;
  label: string;
  send: string;
}

export interface Release {
  name: string;
  number: number;
  targets_sha256: string;
}

export interface Receipt {
  schema: string;
  answer_sha256: string;
  context: Record<string, string>;
  outcome: string;
  flags: string[];
  intent: string;
  spans: { source: string; id: string; version: string; sha256: string; role: string }[];
  companions: { id: string; place: string; asked_by: { id: string; rule: string; place: string }[] }[];
  release?: Release;
  /** Slot -> value of what the question did not say itself; absent where nothing was carried over. */
  carried?: Record<string, string>;
  receipt_sha256: string;
}

export interface Answer {
  schema: string;
  outcome: string;
  flags: string[];
  question: string;
  text: string;
  intent: { name: string; confidence: number };
  slots: Record<string, string>;
  carried: string[];
  context: Record<string, string>;
  spans: Span[];
  references: Reference[];
  choices: Choice[];
  preview: boolean;
  receipt: Receipt;
}

export const ANSWER_SCHEMA = "onlabel.answer/1";
export const RECEIPT_SCHEMA = "onlabel.receipt/1";
