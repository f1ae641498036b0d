// What is shown and what is asked: controls at the left, the ranking at the right. Nothing is computed here but positions.
"use strict";

const page = JSON.parse(document.getElementById("page").textContent);
const scheme = opened(page);
const ownWindow = Math.max(0, page.facts.windows.indexOf(page.window));
const own = settingOf(scheme, page.facts, ownWindow);
const score = scorer(scheme);
const before = score(own);
const copied = (setting) => ({
  points: { ...setting.points }, worth: { ...setting.worth },
  states: Object.fromEntries(Object.entries(setting.states).map(([name, known]) => [name, known && { ...known }])),
  multipliers: [...setting.multipliers], window: setting.window,
});
let now = copied(own);
let results = before;
let chosen = 0;
let balanced = true;

// ---- words and elements

const say = (code, values = {}) => page.words[code].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const nameOf = (kind, id) => page.names[kind][id] ?? id;

const el = (tag, attributes = {}, ...children) => {
  const made = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};
const fill = (id, ...children) => document.getElementById(id).replaceChildren(...children.filter((one) => one !== null));
const shown = (value) => fixed(value, scheme.decimals);
// `whole`: what the scheme's decimals cannot show is written out.
const signed = (value, whole = false) => {
  const size = value.n < 0n ? neg(value) : value;
  const text = whole && !same(rounded(size, scheme.decimals), size) ? written(size) : shown(size);
  return (value.n > 0n ? "+" : value.n < 0n ? "−" : "") + text;
};
const minus = (value) => shown(value).replace("-", "−");

// ---- sliders: whole ticks of a common fraction, so that every position is exact

const lcm = (a, b) => (a / gcd(a, b)) * b;
const TICKS = [...Object.values(own.points), ...Object.values(own.worth)].reduce((all, one) => lcm(all, one.d), 10n);
const ticks = (value) => Number((value.n * TICKS) / value.d);
const ofTicks = (count) => make(BigInt(count), TICKS);
const tick = make(1n, TICKS);

// Give the members of a group but one the rest of a total, in proportion to what they had; whole ticks, none below one.
const shared = (had, except, rest) => {
  const others = Object.keys(had).filter((id) => id !== except);
  const whole = sum(others.map((id) => had[id]));
  const given = {};
  const parts = others.map((id) => {
    const exact = div(mul(had[id], rest), whole);
    const floor = larger(ofTicks((exact.n * TICKS) / exact.d), tick);
    given[id] = floor;
    return { id, left: sub(exact, floor) };
  });
  let left = sub(rest, sum(Object.values(given)));
  parts.sort((one, two) => cmp(two.left, one.left) || (one.id < two.id ? -1 : 1));
  for (let n = 0; cmp(left, tick) >= 0; n = (n + 1) % parts.length) {
    given[parts[n].id] = add(given[parts[n].id], tick);
    left = sub(left, tick);
  }
  // What was lifted to one tick is taken from the largest.
  while (left.n < 0n) {
    const largest = others.reduce((one, two) => (cmp(given[one], given[two]) >= 0 ? one : two));
    const taken = smaller(neg(left), tick);
    given[largest] = sub(given[largest], taken);
    left = add(left, taken);
  }
  if (left.n) given[parts[0].id] = add(given[parts[0].id], left);
  return given;
};

// ---- controls

const groups = [];

// A group of sliders over `setting[field]` for these ids.
const sliders = (field, ids, kind, limit) => {
  const group = { rows: {} };
  const values = () => Object.fromEntries(ids.map((id) => [id, now[field][id]]));
  // What the others give way from: the values before this slider was taken hold of, so that nothing drifts.
  let anchor = values(), moving = null;
  const total = () => sum(Object.values(anchor));
  const held = () => balanced && ids.length > 1 && scheme.direction === "down";
  const most = () => (held() ? sub(total(), times(tick, ids.length - 1)) : limit());
  const put = (id, value) => {
    if (id !== moving) [anchor, moving] = [values(), id];
    if (held()) Object.assign(now[field], shared(anchor, id, sub(total(), value)));
    now[field][id] = value;
    refresh();
  };
  group.show = () => {
    for (const [id, row] of Object.entries(group.rows)) {
      const value = now[field][id], label = say("whatif-points", { value: written(value) });
      row.range.max = String(ticks(most()));
      row.range.value = String(ticks(value));
      row.range.setAttribute("aria-valuetext", label);
      if (document.activeElement !== row.box) row.box.value = written(value);
      row.line.classList.toggle("changed", !same(value, own[field][id]));
      const alone = ids.length === 1 && balanced && scheme.direction === "down";
      row.range.disabled = row.box.disabled = alone;
    }
  };
  group.reset = () => {
    [anchor, moving] = [values(), null];
    for (const row of Object.values(group.rows)) complain(row.box, null);
  };
  for (const id of ids) {
    const key = `${field}-${id}`, name = nameOf(kind, id);
    const range = el("input", {
      type: "range", id: key, min: 1, step: 1, "aria-label": say("whatif-value-of", { name }),
      oninput: () => put(id, ofTicks(range.value)),
    });
    const box = el("input", {
      type: "text", inputmode: "decimal", size: 5, "aria-label": say("whatif-value-of", { name }),
      onchange: () => {
        const value = parse(box.value);
        const wrong = !value ? "bad-number" : value.n <= 0n ? "too-small" : null;
        if (complain(box, wrong)) return;
        put(id, smaller(value, most()));
        box.value = written(now[field][id]);
      },
    });
    const line = el("div", { class: "slider" }, el("span", { class: "name" }, name), range, box);
    group.rows[id] = { range, box, line };
  }
  groups.push(group);
  return ids.map((id) => [id, group.rows[id].line]);
};

const complain = (box, wrong) => {
  box.setCustomValidity(wrong ? say(`whatif-${wrong}`) : "");
  box.setAttribute("aria-invalid", wrong ? "true" : "false");
  if (wrong) box.reportValidity();
  return wrong;
};

// A box for one number: `read` and `write` know where it belongs; `check` names what is wrong with a value.
const numbered = (label, read, write, check) => {
  const box = el("input", {
    type: "text", inputmode: "decimal", size: 5, "aria-label": label,
    onchange: () => {
      const value = parse(box.value);
      const wrong = !value || value.n < 0n ? "bad-number" : check(value);
      if (!complain(box, wrong)) { write(value); refresh(); }
    },
  });
  groups.push({
    show: () => {
      if (document.activeElement !== box || !box.matches(":invalid")) box.value = written(read(now));
      box.classList.toggle("changed", !same(read(now), read(own)));
    },
    reset: () => complain(box, null),
  });
  return box;
};

const HUNDRED = make(100n, 1n);
const buildControls = () => {
  const down = scheme.direction === "down";
  const dimensions = new Map(down
    ? sliders("points", scheme.dimensions.map((one) => one.id), "dimensions", () => times(scheme.full, 2)) : []);
  const blocks = scheme.dimensions.map((dimension) => {
    const name = nameOf("dimensions", dimension.id);
    const rows = sliders("worth", dimension.indicators.map((one) => one.id), "indicators",
      () => times(sum(dimension.indicators.map((one) => one.worth)), 2));
    return el("div", { class: "block" }, dimensions.get(dimension.id) ?? el("div", { class: "name" }, name),
      el("details", {}, el("summary", {}, say("whatif-indicators-of", { name })), ...rows.map(([, line]) => line)));
  });
  const modes = ["balanced", "free"].map((mode) => el("label", { class: "mode" }, el("input", {
    type: "radio", name: "mode", value: mode, checked: (mode === "balanced") === balanced,
    onchange: () => { balanced = mode === "balanced"; for (const one of groups) one.reset(); refresh(); },
  }), say(`whatif-${mode}`)));
  const parts = [el("section", {}, el("h2", {}, say("whatif-weights")),
    down && !page.facts.rolled ? el("div", { role: "radiogroup", "aria-label": say("whatif-weights"), class: "modes" }, ...modes) : null,
    el("p", { class: "note" }, say("whatif-points-meaning")), ...blocks)];

  const states = Object.keys(page.names.states).filter((name) => (
    now.states[name] && (page.knobs[`share ${name}`] || page.knobs[`state ${name}`])));
  if (states.length) {
    const rows = states.map((name) => {
      const label = page.names.states[name];
      const share = numbered(say("whatif-share-of", { name: label }),
        (setting) => mul(setting.states[name].share, HUNDRED),
        (value) => { now.states[name].share = div(value, HUNDRED); },
        (value) => (cmp(value, HUNDRED) > 0 ? "share-range" : null));
      const extra = numbered(say("whatif-extra-of", { name: label }),
        (setting) => setting.states[name].extra, (value) => { now.states[name].extra = value; }, () => null);
      return el("tr", {}, el("th", { scope: "row" }, label),
        el("td", { class: "number" }, share, el("span", { "aria-hidden": "true" }, "%")), el("td", { class: "number" }, extra));
    });
    const head = ["state", "share", "extra"].map((one, n) => (
      el("th", { scope: "col", class: n ? "number" : null }, say(`whatif-${one}`))));
    parts.push(el("section", {}, el("h2", {}, say("whatif-rectification")),
      el("table", { class: "policy" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows))));
  }

  if (page.window !== null) {
    const rows = now.multipliers.map((_, n) => {
      const last = n === now.multipliers.length - 1;
      const label = say(last ? "whatif-multiplier-last" : "whatif-multiplier", { n: n + 1 });
      const box = numbered(label, (setting) => setting.multipliers[n], (value) => { now.multipliers[n] = value; },
        (value) => ((n && cmp(value, now.multipliers[n - 1]) < 0)
          || (!last && cmp(value, now.multipliers[n + 1]) > 0) ? "falling" : null));
      return el("label", { class: "line" }, el("span", {}, label), box);
    });
    const choice = el("select", {
      onchange: () => { now.window = Number(choice.value); refresh(); },
    }, ...page.facts.windows.map((length, n) => el("option", { value: n }, String(length))));
    groups.push({
      show: () => { choice.value = String(now.window); choice.classList.toggle("changed", now.window !== own.window); },
      reset: () => {},
    });
    parts.push(el("section", {}, el("h2", {}, say("whatif-repeats")), ...rows,
      el("label", { class: "line" }, el("span", {}, say(`whatif-${page.windowUnit}`)), choice)));
  }
  fill("controls", ...parts);
};

// ---- what is changed, in words and in the file

const changes = () => {
  const found = [];
  const change = (knob, name, old, value, token = value) => {
    const known = page.knobs[knob];
    if (known && old !== value) {
      found.push({ ...known, knob, token, text: say("whatif-change", { name, before: old, after: value, line: known.line }) });
    }
  };
  if (scheme.direction === "down") {
    change("full", say("whatif-change-full"), written(scheme.full), written(sum(Object.values(now.points))));
    for (const { id, scale, indicators } of scheme.dimensions) {
      const name = nameOf("dimensions", id), total = sum(indicators.map((one) => now.worth[one.id]));
      change(`points ${id}`, name, written(own.points[id]), written(now.points[id]));
      if (!scale && !same(total, now.points[id])) {
        const said = !same(own.points[id], now.points[id]);
        change(`scale ${id}`, say("whatif-change-scale", { name }), say("whatif-no"), say("whatif-yes"), "true");
        if (said) found.at(-1).text = null; // the dimension's own line says it
      }
    }
  }
  for (const { id } of scheme.indicators) {
    change(`weight ${id}`, say("whatif-change-weight", { name: nameOf("indicators", id) }), written(own.worth[id]), written(now.worth[id]));
  }
  for (const [id, state] of Object.entries(now.states)) {
    if (!state) continue;
    const whole = `{share: ${written(state.share)}, extra: ${written(state.extra)}}`;
    for (const key of ["share", "extra"]) {
      const name = `${nameOf("states", id)} · ${say(`whatif-${key}`)}`, was = written(own.states[id][key]), is = written(state[key]);
      const fresh = page.knobs[`state ${id}`] !== undefined;
      change(`${fresh ? "state" : key} ${id}`, name, was, is, fresh ? whole : is);
    }
  }
  now.multipliers.forEach((value, n) => {
    change(`multiplier ${n}`, say("whatif-multiplier", { n: n + 1 }), written(own.multipliers[n]), written(value));
  });
  const length = (setting) => String(page.facts.windows[setting.window] ?? "");
  change("window", page.windowUnit && say(`whatif-${page.windowUnit}`), length(own), length(now));
  return found;
};

// The scheme's file with the changed values and every other character as it was.
const changedScheme = () => {
  const edits = [];
  for (const { knob, edit: [start, end, front, back], token } of changes()) {
    const depth = front.search(/\S/);
    if (!edits.some((one) => one.knob === knob)) edits.push({ knob, start, end, depth, text: front + token + back });
  }
  // Of several keys that are added at one place those of the inner mapping come first.
  edits.sort((one, two) => one.start - two.start || one.end - two.end || two.depth - one.depth);
  let text = "", at = 0;
  for (const edit of edits) {
    text += page.source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return (page.bom ? "\ufeff" : "") + text + page.source.slice(at);
};

const download = () => {
  const address = URL.createObjectURL(new Blob([changedScheme()], { type: "application/yaml;charset=utf-8" }));
  const link = el("a", { href: address, download: page.saveAs });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};

// ---- the ranking

const moved = (old, rank) => {
  const by = old - rank;
  if (!by) return el("span", { class: "still" }, el("span", { "aria-hidden": "true" }, "–"), el("span", { class: "sr" }, say("whatif-still")));
  return el("span", { class: by > 0 ? "up" : "down" },
    el("span", { "aria-hidden": "true" }, `${by > 0 ? "▲" : "▼"}${Math.abs(by)}`),
    el("span", { class: "sr" }, say(by > 0 ? "whatif-up" : "whatif-down", { n: Math.abs(by) })));
};

const several = new Set(scheme.towns.map((town) => town.group)).size > 1;
const ranking = () => {
  const order = results.map((_, n) => n).sort((one, two) => results[one].rank - results[two].rank || one - two);
  const columns = ["rank", "moved", "town", "before", "now", "difference"];
  if (several) columns.push("group-rank");
  if (scheme.grades) columns.push("grade");
  const words = new Set(["town", "grade"]);
  const head = columns.map((one) => el("th", { scope: "col", class: words.has(one) ? null : "number" }, say(`whatif-${one}`)));
  const rows = order.map((n) => {
    const old = before[n], one = results[n], town = one.town;
    const pick = el("button", {
      type: "button", class: "town", "aria-pressed": String(n === chosen), "data-town": n,
      onclick: () => { chosen = n; draw(); document.querySelector(`[data-town="${n}"]`).focus(); },
    }, town.name);
    const cells = [
      el("td", { class: "number rank" }, String(one.rank)), el("td", { class: "number" }, moved(old.rank, one.rank)),
      el("th", { scope: "row" }, pick), el("td", { class: "number" }, minus(old.score)),
      el("td", { class: "number now" }, minus(one.score)),
      el("td", { class: "number" }, same(old.score, one.score) ? "" : signed(sub(one.score, old.score))),
    ];
    if (several) cells.push(el("td", { class: "number" }, String(one.groupRank)));
    if (scheme.grades) {
      const change = old.grade !== one.grade;
      const text = nameOf("grades", one.grade);
      cells.push(el("td", { class: change ? "changed" : null }, change ? `${nameOf("grades", old.grade)} → ${text}` : text));
    }
    return el("tr", { class: n === chosen ? "chosen" : null }, ...cells);
  });
  fill("ranking", el("caption", {}, say("whatif-caption")), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
};

const told = () => {
  const places = results.filter((one, n) => one.rank !== before[n].rank).length;
  const grades = results.filter((one, n) => one.grade !== before[n].grade).length;
  const first = results.filter((one) => one.rank === 1).map((one) => one.town.name).join(page.comma);
  const full = sum(Object.values(now.points));
  const sentences = [places ? say("whatif-said", { moved: places, first }) : say("whatif-said-same", { first })];
  if (grades) sentences.push(say("whatif-graded", { graded: grades }));
  if (scheme.direction === "down" && !same(full, scheme.full)) sentences.push(say("whatif-full-now", { full: written(full) }));
  fill("told", sentences.join(page.lang === "zh" ? "" : " "));
};

// ---- the chart: a line a town in the new order, from the old score to the new one

const chart = () => {
  const width = 640, step = 22, left = 110, right = 56, top = 8;
  const values = [...before, ...results].map((one) => Number(shown(one.score)));
  const low = Math.min(...values), span = Math.max(...values) - low || 1;
  const x = (value) => left + ((Number(shown(value)) - low) / span) * (width - left - right);
  const order = results.map((_, n) => n).sort((one, two) => results[one].rank - results[two].rank || one - two);
  const height = top + order.length * step + 4;
  const rows = order.map((n, place) => {
    const y = top + place * step + step / 2, [old, one] = [before[n].score, results[n].score];
    const label = say("whatif-chart-row", { town: results[n].town.name, before: minus(old), now: minus(one) });
    return el("svg:g", {}, el("svg:title", {}, label),
      el("svg:text", { x: left - 12, y: y + 4, "text-anchor": "end", class: "label" }, results[n].town.name),
      el("svg:line", { x1: left, x2: width - right, y1: y, y2: y, class: "axis" }),
      el("svg:line", { x1: x(old), x2: x(one), y1: y, y2: y, class: "way" }),
      el("svg:circle", { cx: x(old), cy: y, r: 4, class: "old" }),
      el("svg:circle", { cx: x(one), cy: y, r: 4, class: "new" }),
      el("svg:text", { x: width - right + 10, y: y + 4, class: "value" }, minus(one)));
  });
  fill("chart", el("figcaption", {}, say("whatif-chart")),
    el("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": say("whatif-chart") }, ...rows));
};

// ---- a town's statement: what adds up to its score

const findings = new Map();
for (const one of page.facts.findings ?? []) {
  const place = `${one[0]} ${one[4] * scheme.indicators.length + one[3]}`;
  findings.set(place, [...(findings.get(place) ?? []), one]);
}
const statement = () => {
  const one = results[chosen], old = before[chosen], size = scheme.indicators.length;
  const rows = [];
  const row = (kind, name, worth, was, is) => rows.push(el("tr", { class: kind },
    el("th", { scope: "row" }, name), el("td", { class: "number" }, worth), el("td", { class: "number" }, was), el("td", { class: "number" }, is)));
  row("start", say("whatif-start"), "", minus(old.start), minus(one.start));
  scheme.parts.forEach((part, p) => {
    if (scheme.parts.length > 1 || !same(part.weight, ONE)) {
      row("part", say("whatif-part", { name: nameOf("parts", part.id), weight: written(part.weight) }), "", "", "");
    }
    scheme.dimensions.forEach((dimension) => {
      row("dimension", nameOf("dimensions", dimension.id), scheme.direction === "down" ? written(now.points[dimension.id]) : "", "", "");
      dimension.indicators.forEach((indicator) => {
        const place = p * size + scheme.indicators.indexOf(indicator);
        if (one.earned[place] === null) return;
        const worth = now.worth[indicator.id];
        row("indicator", nameOf("indicators", indicator.id), written(worth), minus(old.earned[place]), minus(one.earned[place]));
        const known = findings.get(`${one.town.code} ${place}`) ?? [];
        for (const [, number, day, , , group, severity, state] of known) {
          const text = say("whatif-finding", { day, number, severity: page.names.severities[severity] ?? severity ?? "", state: page.names.states[state] ?? state ?? "" });
          row("finding", text, "", signedLoss(old.cost[group].net), signedLoss(one.cost[group].net));
        }
        if (known.length && !same(worth, indicator.points)) {
          row("note", say("whatif-converted", { of: written(indicator.points), weight: written(worth) }), "", "", "");
        }
      });
    });
  });
  const lines = (result) => {
    const summed = new Map();
    for (const line of result.lines) {
      if (line.kind === "indicator") continue;
      const name = line.indicator ? nameOf("indicators", line.indicator) : line.dimension ? nameOf("dimensions", line.dimension) : say("whatif-whole");
      const text = say(`whatif-kind-${line.kind.replaceAll("_", "-")}`, { name, label: line.label ?? "" });
      summed.set(text, add(summed.get(text) ?? ZERO, line.points));
    }
    return summed;
  };
  const [was, is] = [lines(old), lines(one)];
  const point = (lines, name) => (lines.has(name) ? signed(lines.get(name), true) : "");
  for (const name of new Set([...is.keys(), ...was.keys()])) row("other", name, "", point(was, name), point(is, name));
  row("total", say("whatif-total"), "", minus(old.score), minus(one.score));
  if (!same(add(one.start, sum(one.lines.map((line) => line.points))), one.score)) throw new Error("the statement does not add up");
  const head = ["item", "worth", "before", "now"].map((name, n) => (
    el("th", { scope: "col", class: n ? "number" : null }, say(`whatif-${name}`))));
  fill("statement", el("h2", { id: "statement-title" }, say("whatif-statement", { town: one.town.name })),
    page.facts.findings === null ? el("p", { class: "note" }, say("whatif-many")) : null,
    el("table", { "aria-labelledby": "statement-title" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
};
const signedLoss = (net) => signed(times(net, scheme.sign));

// ---- all together

const draw = () => { ranking(); chart(); statement(); };
const refresh = () => {
  results = score(now);
  for (const one of groups) one.show();
  draw();
  told();
  const found = changes().filter((one) => one.text !== null);
  fill("changes", ...(found.length ? found.map((one) => el("li", {}, one.text)) : [el("li", { class: "none" }, say("whatif-none"))]));
  document.getElementById("download").disabled = !found.length;
};

const begin = () => {
  document.getElementById("no-script").remove();
  const wrong = before.find((one) => !same(one.score, parse(one.town.score)));
  if (wrong) {
    fill("wrong", say("whatif-wrong", { town: wrong.town.name, here: written(wrong.score), there: wrong.town.score }));
    return;
  }
  buildControls();
  document.getElementById("download").addEventListener("click", download);
  document.getElementById("print").addEventListener("click", () => window.print());
  document.getElementById("reset").addEventListener("click", () => {
    now = copied(own);
    for (const one of groups) one.reset();
    refresh();
  });
  document.getElementById("work").hidden = false;
  refresh();
};
begin();
