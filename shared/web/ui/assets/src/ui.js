// What the browser adds to pages that already read without it: live updates, their pause, the view, the date.
import htmx from "htmx.org";
import "htmx-ext-sse";

const VIEWS = ["light basic", "dark basic", "light more"];
let paused = false;

function say(state) {
  const live = document.getElementById("live");
  if (!live || live.dataset.state === "past") return;
  live.dataset.state = state;
  live.querySelector(".word").textContent = live.dataset[state];
  const button = live.querySelector("[data-pause]");
  button.hidden = false;
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? button.dataset.resume : button.dataset.pause;
}

function pause() {
  paused = !paused;
  say(paused ? "paused" : "on");
  if (!paused) htmx.trigger("#main", "sse:changed");
}

function turnView() {
  const now = VIEWS.indexOf(localStorage.getItem("ieum-view") ?? VIEWS[0]);
  const next = VIEWS[(now + 1) % VIEWS.length];
  localStorage.setItem("ieum-view", next);
  const root = document.documentElement.dataset;
  [root.theme, root.contrast] = next.split(" ");
}

function print() {
  window.print();
}

const PRESSED = { "[data-pause]": pause, "[data-view]": turnView, "[data-print]": print };

document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(PRESSED)) {
    if (event.target.closest(selector)) act();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]") && event.target.value) event.target.form.requestSubmit();
});

document.addEventListener("htmx:sseOpen", () => say(paused ? "paused" : "on"));
document.addEventListener("htmx:sseError", () => say(paused ? "paused" : "lost"));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (paused && event.detail.elt.id === "main") event.preventDefault();
});

function enhance() {
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
}

// A live update replaces the content: what was unfolded stays unfolded, and the keyboard stays where it was.
const main = () => document.getElementById("main");
const focusable = () => [...main().querySelectorAll("a[href], button, summary, [tabindex]")];
const name = (element) => element.getAttribute("href") ?? element.className + element.textContent;
let kept;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  const open = [...document.querySelectorAll("details[open]")].map(({ id }) => id);
  const at = main().contains(document.activeElement) ? document.activeElement : undefined;
  const alike = at && focusable().filter((one) => name(one) === name(at));
  kept = { open, focus: at && { name: name(at), place: alike.indexOf(at) } };
});

document.addEventListener("htmx:afterSwap", () => {
  if (!kept) return;
  for (const id of kept.open) document.getElementById(id)?.setAttribute("open", "");
  const { focus } = kept;
  if (focus) focusable().filter((one) => name(one) === focus.name)[focus.place]?.focus({ preventScroll: true });
  kept = undefined;
});

document.addEventListener("DOMContentLoaded", enhance);
document.addEventListener("htmx:afterSettle", enhance);
