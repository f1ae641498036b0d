// What is shown and what is asked of it. Every fact comes ready from the engine: nothing is computed here but counts.
"use strict";

const page = JSON.parse(document.getElementById("page").textContent);
const OPEN = ["overdue", "week", "later"];
const FIRST = 100;
const TILES = { open: OPEN, week: ["week"], overdue: ["overdue"], waiting: ["waiting"], closed: ["closed"], aside: ["aside"] };
const wanted = { tile: "open", town: "", village: "", indicator: "", words: "" };
let limit = FIRST;

// ---- words and elements

const say = (code, values = {}) => page.words[code].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const el = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};
const by = (id) => document.getElementById(id);
const town = (finding) => page.towns[finding.town] ?? say("unknown");
const place = (finding) => `${finding.town}|${finding.village}`;
const village = (finding) => finding.village || say("no-village");

// ---- what fits

page.findings.forEach((one) => {
  one.all = [one.id, town(one), one.village, page.indicators[one.indicator], one.text, one.state].join("\n").toLowerCase();
});
const KEYS = { town: (one) => String(one.town), village: place, indicator: (one) => String(one.indicator) };
const fits = (one, except) => (
  Object.entries(KEYS).every(([name, key]) => name === except || wanted[name] === "" || key(one) === wanted[name])
  && wanted.words.toLowerCase().split(/\s+/).every((word) => one.all.includes(word)));
const inTile = (one) => TILES[wanted.tile].includes(one.group);

// ---- tiles

const tiles = () => {
  const seen = page.findings.filter((one) => fits(one));
  const count = (name) => seen.filter((one) => TILES[name].includes(one.group)).length;
  return Object.keys(TILES).map((name) => el("button", {
    type: "button", id: `tile-${name}`, class: name === "overdue" && count(name) ? "alarm" : null,
    "aria-pressed": String(wanted.tile === name), onclick: () => set({ tile: name }, `tile-${name}`),
  }, el("b", {}, String(count(name))), el("span", {}, say(`tile-${name}`))));
};
const jumps = () => {
  const here = (one) => wanted.town === "" || String(one) === wanted.town;
  const sampled = page.checks.filter((row) => here(row[0])).reduce((all, row) => all + row[3], 0);
  const sent = page.letters.filter((row) => here(row[1])).length + page.packages.filter((row) => here(row[1])).length;
  return [["sampled", sampled], ["sent", sent]].map(([name, count]) => el("button", {
    type: "button", id: `tile-${name}`, onclick: () => by(`${name}-title`).scrollIntoView(),
  }, el("b", {}, String(count)), el("span", {}, say(`tile-${name}`))));
};

// ---- filters

const choices = (name, options) => el("label", {}, say(name), el("select", {
  id: `filter-${name}`, onchange: (event) => set({ [name]: event.target.value }),
}, el("option", { value: "" }, say("all")), ...options.map(([value, text]) => el("option", { value }, text))));
const villages = () => {
  const seen = new Map();
  for (const one of page.findings) if (wanted.town === "" || String(one.town) === wanted.town) seen.set(place(one), one);
  return [...seen].map(([key, one]) => [key, wanted.town === "" ? `${town(one)} ${village(one)}` : village(one)])
    .sort((one, two) => (one[1] < two[1] ? -1 : 1));
};
const used = (key) => new Set(page.findings.map(key));
const makeFilters = () => {
  const towns = used(KEYS.town);
  by("filters").replaceChildren(
    choices("town", page.towns.map((name, number) => [String(number), name]).filter(([number]) => towns.has(number))),
    choices("village", villages()),
    choices("indicator", page.indicators.map((name, number) => [String(number), name])),
    el("label", {}, say("words"), el("input", {
      id: "filter-words", type: "search", autocomplete: "off", oninput: (event) => set({ words: event.target.value }),
    })),
    el("button", { type: "button", id: "clear", onclick: () => {
      set({ tile: "open", town: "", village: "", indicator: "", words: "" }, "clear");
    } }, say("clear")),
    el("button", { type: "button", id: "print", onclick: () => window.print() }, say("print")));
  by("filters").onsubmit = (event) => event.preventDefault();
};

// ---- tables

const COLUMNS = ["open", "week", "overdue", "waiting"];
const number = (value, alarm = false) => el("td", { class: `number${value ? (alarm ? " red" : "") : " zero"}` }, String(value));
const breakdown = (name, shown) => {
  const groups = new Map();
  for (const one of page.findings) {
    if (!fits(one, name)) continue;
    const key = KEYS[name](one);
    if (!groups.has(key)) groups.set(key, { key, one, open: 0, week: 0, overdue: 0, waiting: 0 });
    const group = groups.get(key);
    if (OPEN.includes(one.group)) group.open += 1;
    if (one.group in group && one.group !== "open") group[one.group] += 1;
  }
  const order = (one, two) => (two.overdue - one.overdue || two.open - one.open || two.waiting - one.waiting
    || (shown(one.one) < shown(two.one) ? -1 : 1));
  const rows = [...groups.values()].filter((row) => row.open || row.waiting || row.key === wanted[name]).sort(order);
  const table = by(`by-${name}`);
  table.replaceChildren(
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say(name)),
      ...COLUMNS.map((column) => el("th", { scope: "col", class: "number" }, say(`column-${column}`))))),
    el("tbody", {}, ...(rows.length ? rows.slice(0, FIRST).map((row) => el("tr", {},
      el("th", { scope: "row" }, el("button", {
        type: "button", class: "link text", id: `pick-${name}-${row.key}`, "aria-pressed": String(wanted[name] === row.key),
        onclick: () => set({ [name]: wanted[name] === row.key ? "" : row.key }, `pick-${name}-${row.key}`),
      }, shown(row.one))),
      ...COLUMNS.map((column) => number(row[column], column === "overdue"))))
      : [el("tr", {}, el("td", { colspan: 5, class: "none" }, say("none")))])));
};

const findings = () => {
  const rows = page.findings.filter((one) => inTile(one) && fits(one));
  const heads = ["number", "town", "text", "due", "indicator", "village", "state"];
  by("findings").replaceChildren(
    el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, say(`head-${name}`))))),
    el("tbody", {}, ...(rows.length ? rows.slice(0, limit).map((one) => el("tr", {},
      el("td", {}, el("button", { type: "button", class: "link code text", onclick: () => open(one) }, one.id)),
      el("td", {}, town(one)),
      el("td", { class: "text" }, one.text),
      el("td", { class: "code" }, one.due,
        one.days === null ? null : el("span", { class: "red" }, ` ${say("late", { days: one.days })}`)),
      el("td", {}, page.indicators[one.indicator]),
      el("td", { class: "text" }, one.village),
      el("td", { class: one.group === "overdue" ? "red" : null }, one.state)))
      : [el("tr", {}, el("td", { colspan: heads.length, class: "none" }, say("none")))])));
  const left = rows.length - limit;
  by("more").replaceChildren(...(left > 0 ? [el("button", { type: "button", id: "show-more", onclick: () => {
    limit += 10 * FIRST;
    findings();
  } }, say("more", { count: left }))] : []));
  by("told").textContent = say("told", { count: rows.length, tile: say(`tile-${wanted.tile}`) });
};

const sampled = () => {
  const months = [...new Set(page.checks.map((row) => row[1]))].sort();
  const cells = new Map(page.checks.map((row) => [`${row[0]}|${row[1]}`, row]));
  const rows = page.towns.map((name, place) => [place, name]).filter(([place]) => (
    (wanted.town === "" || String(place) === wanted.town)));
  by("sampled-part").hidden = !months.length;
  by("sampled").replaceChildren(
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("town")),
      ...months.map((month) => el("th", { scope: "col", class: "number" }, month)))),
    el("tbody", {}, ...rows.map(([place, name]) => el("tr", {}, el("th", { scope: "row" }, name),
      ...months.map((month) => {
        const row = cells.get(`${place}|${month}`);
        if (!row) return el("td", { class: "number zero" }, say("blank"));
        // Three in ten, rounded up: whole numbers alone.
        return el("td", { class: `number${10 * row[3] < 3 * row[2] ? " short" : ""}` }, `${row[3]} / ${row[2]}`);
      })))));
};

const sent = () => {
  const rows = [
    ...page.letters.map(([day, place, kind, count, due]) => [day, place, kind, say("letter-what", { count }), due]),
    ...page.packages.map(([day, place, period, edition, state]) => [day, place, say("package"), say("package-what", { period, edition }), state]),
  ].filter((row) => wanted.town === "" || String(row[1]) === wanted.town).sort((one, two) => (one[0] < two[0] ? 1 : one[0] > two[0] ? -1 : 0));
  by("sent").replaceChildren(
    el("thead", {}, el("tr", {}, ...["day", "town", "kind", "what", "until"].map((name) => (
      el("th", { scope: "col" }, say(`sent-${name}`)))))),
    el("tbody", {}, ...(rows.length ? rows.slice(0, 10 * FIRST).map(([day, place, kind, what, until]) => el("tr", {},
      el("td", { class: "code" }, day), el("td", {}, page.towns[place] ?? say("unknown")), el("td", {}, kind),
      el("td", {}, what), el("td", { class: "code" }, until)))
      : [el("tr", {}, el("td", { colspan: 5, class: "none" }, say("none")))])));
};

// ---- one finding's life

const open = (one) => {
  const life = by("life");
  const points = one.points.map((row) => el("tr", {}, ...row.map((cell, at) => el("td", { class: at > 1 ? "number" : null }, cell))));
  life.replaceChildren(
    el("header", {}, el("h2", { id: "life-title", class: "text" }, one.id),
      el("button", { type: "button", id: "close", onclick: () => life.close() }, say("close"))),
    el("p", { class: "text" }, [town(one), one.village, page.indicators[one.indicator]].filter(Boolean).join(" · ")),
    el("p", { class: "text" }, one.text),
    el("p", {}, el("b", { class: one.group === "overdue" ? "red" : null }, one.state),
      one.facts.length ? ` · ${one.facts.join(page.comma)}` : ""),
    el("h3", {}, say("life")),
    el("ol", {}, ...one.life.map(([day, text]) => el("li", { class: day > page.on ? "ahead" : null },
      el("span", { class: "code" }, day), el("span", { class: "text" }, text)))),
    el("h3", {}, say("points")),
    points.length ? el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {},
      ...["period", "stands", "net", "charge", "credit", "extra"].map((name, at) => (
        el("th", { scope: "col", class: at > 1 ? "number" : null }, say(`points-${name}`)))))), el("tbody", {}, ...points)))
      : el("p", { class: "none" }, say("points-none")));
  life.showModal();
  by("close").focus();
};

// ---- all of it

const set = (change, focus = null) => {
  Object.assign(wanted, change);
  limit = FIRST;
  if ("town" in change && !("village" in change)) wanted.village = "";
  if ("town" in change) by("filter-village").replaceChildren(
    el("option", { value: "" }, say("all")), ...villages().map(([value, text]) => el("option", { value }, text)));
  show();
  if (focus && by(focus)) by(focus).focus();
};
const show = () => {
  by("tiles").replaceChildren(...tiles(), ...jumps());
  for (const name of ["town", "village", "indicator", "words"]) by(`filter-${name}`).value = wanted[name];
  breakdown("town", town);
  breakdown("village", (one) => (wanted.town === "" ? `${town(one)} ${village(one)}` : village(one)));
  breakdown("indicator", (one) => page.indicators[one.indicator]);
  findings();
  sampled();
  sent();
};
by("no-script").hidden = true;
by("work").hidden = false;
makeFilters();
show();
