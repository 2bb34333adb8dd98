// Signing in on the page to try the widget on: the token stays in this page's memory.
const chat = document.querySelector("onlabel-chat");
const form = document.querySelector("#signin");
const field = document.querySelector("#token");
let token = "";

chat.getToken = () => token || null;
for (const [name, value] of new URLSearchParams(location.search)) {
  if (["theme", "trust", "product"].includes(name)) chat.setAttribute(name, value);
}
chat.addEventListener("onlabel-signin", () => {
  form.hidden = false;
  field.focus();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  token = field.value.trim();
  field.value = "";
  form.hidden = true;
  chat.focus();
});
