// The one way out of the widget: requests to the endpoint, with a token or with cookies, and what may go wrong.

import { failure, INSECURE, NOT_AN_ANSWER, TIMEOUT, UNREACHED } from "./words.ts";
import { ANSWER_SCHEMA, type Answer, type Question } from "./wire.ts";

export type GetToken = (why: { expired: boolean }) => string | null | Promise<string | null>;

/** A request that brought no answer. The message is reviewed wording; the server's own words are never shown. */
export class Failed extends Error {
  constructor(
    message: string,
    readonly status = 0,
    readonly wait = 0,
  ) {
    super(message);
  }
}

export interface Settings {
  endpoint: string;
  credentials: RequestCredentials;
  csrfCookie: string;
  getToken: GetToken | null;
  timeout: number;
}

/** Where the service is: `endpoint` against the page's address, as a folder. */
export function base(endpoint: string): URL {
  const url = new URL(endpoint || "/", document.baseURI);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = url.hash = "";
  return url;
}

export class Service {
  constructor(private readonly settings: Settings) {}

  async ask(body: Question, signal: AbortSignal): Promise<Answer> {
    const answer = (await this.send("v1/ask", body, signal)) as Answer;
    if (answer?.schema !== ANSWER_SCHEMA || typeof answer.text !== "string" || !Array.isArray(answer.spans)) {
      throw new Failed(NOT_AN_ANSWER);
    }
    return answer;
  }

  /** @returns a notice, where the comment reports something that has to be passed on. */
  async feedback(body: { answer: string; verdict: string; comment?: string }): Promise<Answer | null> {
    const said = (await this.send("v1/feedback", body)) as { notice?: Answer | null } | null;
    return said?.notice ?? null;
  }

  /** The bytes of a public file beside the service; null where there is none. */
  async bytes(path: string): Promise<ArrayBuffer | null> {
    const response = await this.fetch(path, { method: "GET" }, false);
    return response.ok ? response.arrayBuffer() : null;
  }

  private async send(path: string, body: object, signal?: AbortSignal): Promise<unknown> {
    const init: RequestInit = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    let response = await this.fetch(path, init, false, signal);
    if (response.status === 401 && this.settings.getToken) response = await this.fetch(path, init, true, signal);
    if (!response.ok) throw refused(response);
    if (response.status === 204) return null;
    try {
      return await response.json();
    } catch {
      throw new Failed(NOT_AN_ANSWER);
    }
  }

  private async fetch(path: string, init: RequestInit, expired: boolean, signal?: AbortSignal): Promise<Response> {
    const url = new URL(path, base(this.settings.endpoint));
    const headers = new Headers(init.headers);
    const token = await this.token(expired);
    if (token) {
      if (!confidential(url)) throw new Failed(INSECURE);
      headers.set("Authorization", `Bearer ${token}`);
    }
    if (this.settings.credentials !== "omit") this.guard(url, headers);
    const late = AbortSignal.timeout(this.settings.timeout);
    try {
      return await fetch(url, {
        ...init,
        headers,
        credentials: this.settings.credentials,
        signal: signal ? either(signal, late) : late,
        referrerPolicy: "no-referrer",
        redirect: "error",
        cache: init.method === "GET" ? "default" : "no-store",
      });
    } catch {
      throw new Failed(late.aborted ? TIMEOUT : UNREACHED);
    }
  }

  private async token(expired: boolean): Promise<string | null> {
    try {
      return (await this.settings.getToken?.({ expired })) ?? null;
    } catch {
      throw new Failed(failure(401, 0), 401);
    }
  }

  /** Cookies travel by themselves; a header that only scripts of the same origin can set tells their requests apart.
   * From another origin the JSON body asks the service's leave first (CORS), and the browser names the page's origin. */
  private guard(url: URL, headers: Headers): void {
    if (url.origin !== location.origin) return;
    const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(`${this.settings.csrfCookie}=`));
    headers.set("X-CSRF-Token", cookie ? decodeURIComponent(cookie.slice(this.settings.csrfCookie.length + 1)) : "widget");
  }
}

function either(first: AbortSignal, second: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) both.abort();
    signal.addEventListener("abort", () => both.abort());
  }
  return both.signal;
}

function confidential(url: URL): boolean {
  return url.protocol === "https:" || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

function refused(response: Response): Failed {
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10) || 0;
  return new Failed(failure(response.status, wait), response.status, wait);
}
