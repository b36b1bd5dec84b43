// The plans on a page of yours: <tiergate-pricing></tiergate-pricing>. See docs/embed.md.
//
// Everything is drawn inside a shadow root with one constructed stylesheet: the page's styles do not reach it,
// and a content-security policy without 'unsafe-inline', with Trusted Types, allows it.

const base = new URL(".", import.meta.url);

const STYLE = `
  :host { display: block !important; }
  :host([hidden]) { display: none !important; }
  :host([theme="light"]) .root { color-scheme: light; }
  :host([theme="dark"]) .root { color-scheme: dark; }
  :host([theme="auto"]) .root { color-scheme: light dark; }
  *, *::before, *::after { box-sizing: border-box; }
  .root {
    all: initial; display: block; color-scheme: inherit; container-type: inline-size;
    --accent: light-dark(
      oklch(from var(--tg-accent, #4f46e5) min(l, 0.512) c h),
      oklch(from var(--tg-accent, #4f46e5) max(l, 0.7) min(c, 0.17) h)
    );
    --on-accent: light-dark(#fff, #0b0b12);
    --surface: var(--tg-surface, light-dark(#fff, #131418));
    --sunken: light-dark(#f3f4f6, #1b1d23);
    --ink: light-dark(#15161a, #f3f4f6);
    --muted: light-dark(#5b6072, #a2a7b6);
    --line: light-dark(#e5e6ea, #272a32);
    --control-line: light-dark(#d3d5dc, #3a3e49);
    --radius: var(--tg-radius, 1rem);
    --radius-control: calc(var(--radius) * 0.625);
    color: var(--ink);
    font: 400 15px/1.5 var(--tg-font, system-ui, sans-serif);
    overflow-wrap: anywhere; text-align: start;
  }
  h2, h3, p, ul, fieldset { margin: 0; padding: 0; border: 0; font: inherit; }
  ul { list-style: none; }
  .hidden { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .switch { display: flex; inline-size: fit-content; margin: 0 auto 28px; padding: 4px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--sunken); }
  .switch label { display: flex; align-items: center; gap: 8px; min-block-size: 38px; padding: 4px 16px; border: 1px solid transparent; border-radius: var(--radius-control); color: var(--muted); font-weight: 570; cursor: pointer; }
  .switch label:hover { color: var(--ink); }
  .switch label:has(:checked) { border-color: var(--line); background: light-dark(#fff, #2a2d36); color: var(--ink); }
  .switch label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 1px; }
  .saving { padding: 2px 9px; border-radius: 16px; background: light-dark(#e6f6ee, #0f2a1e); color: light-dark(#0b6b43, #5ad19a); font-size: 12px; font-weight: 600; white-space: nowrap; }
  .plans { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 20px; }
  .plan { position: relative; display: grid; grid-row: span 6; grid-template: subgrid / minmax(0, 1fr); gap: 16px; padding: 26px 24px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); }
  .plan.highlight { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
  .plan.current { border-color: var(--muted); }
  .pill { position: absolute; inset-block-start: 0; inset-inline: 0; inline-size: fit-content; margin-inline: auto; padding: 3px 11px; border-radius: 16px; background: var(--accent); color: var(--on-accent); font-size: 12px; font-weight: 600; transform: translateY(-50%); }
  .current .pill { background: var(--ink); color: var(--surface); }
  h3 { font-size: 18px; font-weight: 620; letter-spacing: -0.015em; line-height: 1.25; }
  .muted, .note, .terms, .per { color: var(--muted); }
  .offer { display: grid; grid-row: span 4; grid-template: subgrid / minmax(0, 1fr); row-gap: 0; }
  .price { line-height: 1; }
  .amount { line-height: 46px; font-size: 40px; font-weight: 680; letter-spacing: -0.035em; }
  .amount.long { font-size: 30px; }
  .note { min-block-size: 1.5em; font-size: 14px; }
  .button { display: flex; align-items: center; justify-content: center; min-block-size: 40px; margin-block: 18px 12px; padding: 7px 16px; border: 1px solid var(--control-line); border-radius: var(--radius-control); background: var(--surface); color: var(--ink); font-weight: 570; line-height: 1.3; text-align: center; text-decoration: none; cursor: pointer; }
  .button:hover { border-color: var(--muted); background: var(--sunken); }
  .button:focus-visible, .all:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .button.primary { border-color: transparent; background: var(--accent); color: var(--on-accent); }
  .button.primary:hover { background: oklch(from var(--accent) calc(l - 0.04) c h); }
  .button.nothing { border-color: var(--line); background: var(--sunken); color: var(--muted); cursor: default; }
  .terms { font-size: 13px; line-height: 1.45; }
  .features { display: grid; align-content: start; gap: 10px; padding-block-start: 18px; border-block-start: 1px solid var(--line); }
  .features li { display: flex; gap: 8px; }
  .features svg { flex: none; inline-size: 20px; block-size: 20px; margin-block: 1.5px; color: var(--accent); fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
  .features .absent, .features .absent svg { color: var(--muted); }
  .foot { margin-block-start: 20px; color: var(--muted); font-size: 14px; text-align: center; }
  .all { color: inherit; text-underline-offset: 0.2em; }
  @media (forced-colors: active) { .plan.highlight { border-width: 3px; } .pill, .button { border: 1px solid CanvasText; } }
`;
let sheet;

/** Make an element of the shadow root: attributes by name, then children, text among them. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/** Draw a tick, or a dash for what is missing. */
function mark(included) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", included ? "M4.5 10.6 8.2 14.3 15.5 6.2" : "M6 10h8");
  svg.append(path);
  return svg;
}

class TiergatePricing extends HTMLElement {
  static observedAttributes = ["currency", "interval"];
  #answer = null;
  #interval = null;
  #asked = 0;

  connectedCallback() {
    if (!this.shadowRoot) {
      sheet ??= new CSSStyleSheet();
      if (sheet.cssRules.length === 0) sheet.replaceSync(STYLE);
      // Until the plans are there, and where they never come, the page's own words inside the tag are shown.
      this.attachShadow({ mode: "open" }).append(make("slot"));
      this.shadowRoot.adoptedStyleSheets = [sheet];
    }
    if (!this.#answer) this.#load();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.shadowRoot) return;
    if (name === "currency") this.#load();
    else if (this.#answer) this.#draw(now);
  }

  async #load() {
    const asked = ++this.#asked;
    const url = new URL("api/plans", base);
    const currency = this.getAttribute("currency");
    if (currency) url.searchParams.set("currency", currency);
    const language = this.closest("[lang]")?.lang;
    if (language) url.searchParams.set("lang", language);
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
      const answer = await response.json();
      if (asked !== this.#asked) return;
      this.#answer = answer;
      this.#draw(this.#interval ?? this.getAttribute("interval"));
    } catch (error) {
      this.#tell("tiergate:error", { message: String(error) });
    }
  }

  #tell(name, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
  }

  #draw(interval) {
    const { plans, words, first_interval, tax_note, pricing_url, language } = this.#answer;
    this.#interval = interval === "month" || interval === "year" ? interval : first_interval;
    const intervals = new Set(plans.flatMap((plan) => plan.offers.map((offer) => offer.interval)));
    const hasSwitch = intervals.has("month") && intervals.has("year");
    const list = make("ul", { class: "plans", part: "plans", role: "list", "aria-label": words.plans });
    list.append(...plans.map((plan) => this.#plan(plan)));
    const all = make("a", { class: "all", href: pricing_url }, words.all_plans);
    const foot = make("p", { class: "foot", part: "foot" }, tax_note, " ", all);
    const title = make("h2", { class: "hidden" }, words.plans);
    const choice = hasSwitch ? this.#switch() : null;
    const root = make("div", { class: "root", part: "root", lang: language }, title, choice, list, foot);
    this.shadowRoot.replaceChildren(root);
  }

  #switch() {
    const { words, saving } = this.#answer;
    const choice = make("fieldset", { class: "switch", part: "switch" });
    choice.append(make("legend", { class: "hidden" }, words.interval));
    for (const each of ["month", "year"]) {
      const input = make("input", { class: "hidden", type: "radio", name: "interval", value: each });
      input.checked = each === this.#interval;
      input.addEventListener("change", () => {
        this.#draw(each);
        this.shadowRoot.querySelector(`input[value=${each}]`).focus();
      });
      const badge = each === "year" && saving ? make("span", { class: "saving" }, saving) : null;
      choice.append(make("label", {}, input, words[each], badge));
    }
    return choice;
  }

  #plan(plan) {
    const { words } = this.#answer;
    const offer = plan.offers.find((each) => each.interval === this.#interval) ?? plan.offers[0];
    const pill = plan.is_current ? words.current : plan.highlight ? words.recommended : null;
    const head = make("div", { class: "head" }, make("h3", {}, plan.name));
    if (pill) head.append(make("p", { class: "pill", part: "pill" }, pill));
    head.append(make("p", { class: "muted" }, plan.description));
    const amount = make("span", { class: `amount${offer.amount.length > 8 ? " long" : ""}` }, offer.amount);
    const price = make("p", { class: "price", part: "price" });
    if (offer.prefix) price.append(make("span", { class: "per" }, offer.prefix), " ");
    price.append(amount, " ", make("span", { class: "per" }, offer.per));
    const deal = make("div", { class: "offer" }, price, make("p", { class: "note" }, offer.note));
    deal.append(this.#button(plan, offer), make("p", { class: "terms" }, offer.terms));
    const features = make("ul", { class: "features", role: "list", "aria-label": `${plan.name}: features` });
    features.append(...plan.features.map((feature) => this.#feature(feature)));
    const kind = plan.is_current ? " current" : plan.highlight ? " highlight" : "";
    return make("li", { class: `plan${kind}`, part: `plan${kind}` }, head, deal, features);
  }

  #feature(feature) {
    const missing = make("span", { class: "hidden" }, `${this.#answer.words.not_included}: `);
    const text = make("span", {}, feature.included ? null : missing, feature.text);
    return make("li", { class: feature.included ? null : "absent" }, mark(feature.included), text);
  }

  #button(plan, offer) {
    const name = offer.label.includes(plan.name) ? null : make("span", { class: "hidden" }, ` (${plan.name})`);
    const style = `button${plan.highlight ? " primary" : ""}${offer.url ? "" : " nothing"}`;
    if (!offer.url) return make("span", { class: style, part: "button" }, offer.label, name);
    const link = make("a", { class: style, part: "button", href: offer.url }, offer.label, name);
    link.addEventListener("click", (click) => this.#press(click, plan, offer));
    return link;
  }

  async #press(click, plan, offer) {
    if (click.defaultPrevented || click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey) return;
    const { verb, interval, currency, url } = offer;
    if (!this.#tell("tiergate:checkout", { plan: plan.key, interval, currency, verb, url }, true)) {
      click.preventDefault();
      return;
    }
    if (!offer.is_order || !this.#answer.signed_in) return;
    click.preventDefault();
    location.assign((await this.#order(plan, offer)) ?? url);
  }

  /** Order from the checkout; without an answer the hosted page takes over, and says what is wrong. */
  async #order(plan, { interval, currency }) {
    try {
      const response = await fetch(new URL("api/billing/checkout", base), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ plan: plan.key, interval, currency }),
      });
      return response.ok ? (await response.json()).url : null;
    } catch {
      return null;
    }
  }
}

if (!customElements.get("tiergate-pricing")) customElements.define("tiergate-pricing", TiergatePricing);
