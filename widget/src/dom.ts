// The only place where elements are made. Text enters the page through text nodes, never as markup.

/** Controls, bidi controls, invisible operators, fillers, private use: drawn as escapes, for they act or deceive. */
const HARMFUL =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200e\u200f\u2028-\u202e\u2061-\u206f\u3164\ue000-\uf8ff\ufdd0-\ufdef\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e00ff}\u{f0000}-\u{10ffff}]/gu;

type Child = Node | string | null | undefined | false;

/** An element: `class` sets class names, `part` CSS parts, the others attributes; null leaves one out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | null> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) made.append(typeof child === "string" ? printable(child) : child);
  return made;
}

/** `text` without anything that could turn the reading direction or hide; the bytes that are copied stay as they are. */
export function printable(text: string): string {
  return text.replace(HARMFUL, (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

export function button(label: string, attributes: Record<string, string | boolean>, act: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", act);
  return made;
}
