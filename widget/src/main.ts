// <onlabel-chat endpoint="https://…">: approved words, and which they are. See docs/widget.md.

import { parse } from "./blocks.ts";
import type { Checked } from "./answer.ts";
import { button, el } from "./dom.ts";
import { asked, before, type Asked } from "./earlier.ts";
import { watchTables } from "./passage.ts";
import { Broken, canUseCrypto, checkReceipt, pieces, require, type Piece } from "./receipt.ts";
import { Failed, Service, type GetToken } from "./service.ts";
import { SCREEN, sheet } from "./style.ts";
import { Trust } from "./trust.ts";
import { beginTurn, showAnswer, showChanged, showFailure, summary, type Hands } from "./turn.ts";
import type { Answer, Choice, Question } from "./wire.ts";
import { CHANGED, GRAVE } from "./words.ts";

const LOOK = sheet(SCREEN);

class OnlabelChat extends HTMLElement {
  static observedAttributes = ["endpoint", "trust", "credentials", "csrf-cookie", "heading"];
  /** The blocks of a text, for tests that hold them to those of the Python package. */
  static readonly blocks = parse;
  /** What is sent along with a question, for tests of its limits. */
  static readonly before = before;

  readonly #log = el("div", { class: "log", part: "log", role: "log", "aria-live": "off", "aria-label": "Questions and answers", tabindex: "0" });
  readonly #status = el("p", { class: "quiet", role: "status" });
  readonly #alert = el("p", { class: "quiet", role: "alert" });
  readonly #input = el("textarea", { id: "question", rows: "1", part: "input", enterkeyhint: "send", autocomplete: "off" });
  readonly #send = el("button", { type: "submit", class: "send", part: "send" }, "Ask");
  readonly #title = el("h2", { part: "title" });
  readonly #welcome: HTMLElement;
  #service: Service | null = null;
  #trust: Trust | null = null;
  #getToken: GetToken | null = null;
  /** What was asked and answered since the conversation began. */
  #asked: Asked[] = [];
  #asking: AbortController | null = null;

  constructor() {
    super();
    if (Object.hasOwn(this, "getToken")) this.#takeEarly();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [LOOK];
    this.#welcome = el("div", { class: "welcome", part: "welcome" }, el("slot", {}, "Ask about a medicine in your own words. Behind a coloured bar stand passages from approved documents, word for word; below each, where it comes from."));
    const form = el("form", { class: "ask", part: "form" }, el("label", { for: "question" }, "Your question"), this.#input, this.#send, el("p", { class: "keys" }, "Enter asks, Shift and Enter makes a new line."));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.ask(this.#input.value);
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.ask(this.#input.value);
    });
    const renew = button("New conversation", { part: "new" }, () => this.reset());
    root.append(el("div", { class: "head", part: "header" }, this.#title, renew), this.#welcome, this.#log, form, this.#status, this.#alert);
  }

  /** Gives the bearer token of each request; asked again with `expired: true` after a 401. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(given: GetToken | null) {
    this.#getToken = given;
    this.#service = null;
  }

  override focus(options?: FocusOptions): void {
    this.#input.focus(options);
  }

  /** A page may have set the property before this file was loaded; then it hides the accessor. */
  #takeEarly(): void {
    const given = this.getToken;
    delete (this as { getToken?: unknown }).getToken;
    this.#getToken = given;
  }

  connectedCallback(): void {
    this.attributeChangedCallback();
  }

  disconnectedCallback(): void {
    this.#asking?.abort();
  }

  attributeChangedCallback(name = "", was: string | null = null): void {
    // What was asked of one service is not told to another.
    if (name === "endpoint" && was !== null && was !== this.getAttribute(name)) this.#asked = [];
    this.#title.textContent = this.getAttribute("heading") ?? "Approved answers";
    this.#service = null;
    this.#trust = null;
  }

  /** Ends the conversation: nothing of it is kept, and nothing carries over. */
  reset(): void {
    this.#asking?.abort();
    this.#asked = [];
    this.#log.replaceChildren();
    this.#welcome.hidden = false;
    this.#tell("A new conversation.");
    this.#input.focus();
  }

  /** Asks `question`; `shown` is what stands in the log for it. */
  async ask(question: string, shown = question): Promise<void> {
    if (!question.trim() || this.#asking) return;
    const asking = (this.#asking = new AbortController());
    const turn = beginTurn(shown);
    this.#begin(turn);
    try {
      const answer = await this.#reach().ask(this.#request(question), asking.signal);
      const checked = await this.#check(answer);
      if (asking.signal.aborted) return;
      showAnswer(turn, answer, pieces(answer), checked, this.#hands(question, shown));
      const kept = asked(question, answer);
      if (kept) this.#asked.push(kept);
      this.#announce(answer, summary(answer, checked));
      this.#emit("onlabel-answer", { answer, checked: checked.done });
    } catch (error) {
      if (!asking.signal.aborted) this.#fail(turn, error, question, shown);
    } finally {
      if (this.#asking === asking) this.#end(turn);
    }
  }

  #begin(turn: HTMLElement): void {
    this.#welcome.hidden = true;
    this.#log.append(turn);
    this.#log.setAttribute("aria-busy", "true");
    this.#send.disabled = true;
    this.#input.value = "";
    this.#tell("Looking for approved words.");
    this.#scrollTo(turn);
  }

  #end(turn: HTMLElement): void {
    this.#asking = null;
    this.#send.disabled = false;
    this.#log.removeAttribute("aria-busy");
    watchTables(turn);
    const wasInside = this.#log.contains(this.shadowRoot!.activeElement);
    if (wasInside) turn.querySelector<HTMLElement>(".asked")?.focus({ preventScroll: true });
    this.#scrollTo(turn);
  }

  /** Brings a question to the top of the log; the page around it stays where it is. */
  #scrollTo(turn: HTMLElement): void {
    this.#log.scrollTop += turn.getBoundingClientRect().top - this.#log.getBoundingClientRect().top - 12;
  }

  #request(question: string): Question {
    return { question, ...before(this.#asked, this.getAttribute("product")) };
  }

  #reach(): Service {
    const credentials = this.getAttribute("credentials");
    this.#service ??= new Service({
      endpoint: this.getAttribute("endpoint") ?? "/",
      credentials: credentials === null ? "omit" : credentials === "include" ? "include" : "same-origin",
      csrfCookie: this.getAttribute("csrf-cookie") ?? "onlabel_csrf",
      getToken: this.#getToken && ((why) => this.#getToken?.(why) ?? null),
      timeout: 30_000,
    });
    return this.#service;
  }

  /** @throws Broken the answer is not to be shown. */
  async #check(answer: Answer): Promise<Checked> {
    const pinned = this.getAttribute("trust");
    if (!canUseCrypto()) {
      require(pinned === null, "this page pins a release, and without HTTPS the browser cannot check it");
      return { done: false };
    }
    await checkReceipt(answer);
    this.#trust ??= new Trust(pinned, this.#reach());
    return { done: true, verdict: await this.#trust.check(answer) };
  }

  #fail(turn: HTMLElement, error: unknown, question: string, shown: string): void {
    if (error instanceof Failed) {
      showFailure(turn, error.message, this.#hands(question, shown));
      this.#tell("", error.message);
      if (error.status === 401) this.#emit("onlabel-signin", {});
      return;
    }
    // Whatever else went wrong while an answer was read: it was not proved, so it is not shown.
    const why = error instanceof Broken ? error.message : "it cannot be read";
    showChanged(turn, why);
    this.#tell("", CHANGED);
    this.#emit("onlabel-changed", { why });
  }

  #hands(question: string, shown: string): Hands {
    return {
      choose: (choice: Choice) => void this.ask(choice.send, choice.label),
      again: () => void this.ask(question, shown),
      say: (words) => this.#tell(words),
      feedback: (body) => this.#feedback(body),
    };
  }

  /** A comment may report an adverse event; then the notice for it comes back and is shown like an answer. */
  async #feedback(body: { answer: string; verdict: string; comment?: string }): Promise<void> {
    const notice = await this.#reach().feedback(body);
    if (!notice) return;
    const turn = beginTurn(notice.question);
    this.#log.append(turn);
    try {
      const checked = await this.#check(notice);
      showAnswer(turn, notice, pieces(notice), checked, this.#hands(notice.question, notice.question));
      this.#announce(notice, summary(notice, checked));
    } catch (error) {
      this.#fail(turn, error, notice.question, notice.question);
    }
  }

  #announce(answer: Answer, words: string): void {
    if (GRAVE.includes(answer.outcome)) this.#tell("", words);
    else this.#tell(words);
  }

  #tell(status: string, alert = ""): void {
    this.#status.textContent = status;
    this.#alert.textContent = alert;
  }

  #emit(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

export type { OnlabelChat, Piece };

if (!customElements.get("onlabel-chat")) customElements.define("onlabel-chat", OnlabelChat);
