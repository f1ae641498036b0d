// Steps 5 to 11 of the order of operations, once more: from the facts of the page and a setting to scores and places.
// docs/semantics.md says what each step means; scoring/ledger does the same, and tests compare the two to the digit.
"use strict";

// The scheme and the facts with every amount as a fraction.
const opened = (page) => {
  const amount = (text) => (text === null ? null : parse(text));
  const scheme = page.scheme;
  const dimensions = scheme.dimensions.map((one) => ({
    ...one, points: amount(one.points), cap: amount(one.cap),
    indicators: one.indicators.map((each) => ({
      ...each, points: amount(each.points), worth: amount(each.worth), cap: amount(each.cap),
    })),
  }));
  return {
    ...scheme,
    full: amount(scheme.full), base: amount(scheme.base), low: amount(scheme.low) ?? ZERO, high: amount(scheme.high),
    parts: scheme.parts.map(([id, weight]) => ({ id, weight: amount(weight) })),
    dimensions,
    indicators: dimensions.flatMap((one) => one.indicators),
    grades: scheme.grades && {
      ...scheme.grades,
      grades: scheme.grades.grades.map(([id, least, most, top, honour]) => (
        { id, least: amount(least), most: amount(most), top: amount(top), honour })),
    },
    sign: scheme.direction === "up" ? 1 : -1,
    classes: page.facts.classes.map(([cost, quantity, occasions, share, extras]) => (
      { cost: amount(cost), quantity, occasions, share, extras })),
    towns: page.facts.towns.map((town) => ({
      ...town,
      ties: town.ties.map(amount),
      cells: town.cells.map((cell) => (
        cell === null ? null
          : typeof cell === "string" ? { loss: amount(cell) }
            : { classes: cell[0], factor: amount(cell[1]), fired: cell[2] })),
      surcharges: town.surcharges.map(([part, level, of, share, label]) => (
        { part, level, of, share: amount(share), label })),
      adjusted: amount(town.adjusted), brought: amount(town.brought), rolled: amount(town.rolled),
      carried: town.carried.map(([origin, points, weight, grows]) => (
        { origin, points: amount(points), weight: amount(weight), grows })),
    })),
  };
};

// The scheme's own setting.
const settingOf = (scheme, facts, window) => ({
  points: Object.fromEntries(scheme.dimensions.map((one) => [one.id, one.points])),
  worth: Object.fromEntries(scheme.indicators.map((one) => [one.id, one.worth])),
  states: Object.fromEntries(Object.entries(scheme.states).map(([name, known]) => (
    [name, known && { share: parse(known[0]), extra: parse(known[1]) }]))),
  multipliers: scheme.multipliers.map(parse),
  window,
});

// Step 5: what a finding of each class costs: charge − credit + extras.
const costs = (scheme, setting) => {
  const policy = (name) => setting.states[name] ?? setting.states.on_time;
  return scheme.classes.map((one) => {
    const earlier = Math.min(one.occasions[setting.window] ?? 0, setting.multipliers.length - 1);
    const charge = mul(one.cost, setting.multipliers[earlier]);
    const credit = one.share === null ? ZERO : mul(charge, policy(one.share).share);
    const extras = one.extras.map((name) => {
      const extra = policy(name).extra;
      return scheme.extra_per === "quantity" ? times(extra, one.quantity)
        : scheme.extra_per === "charge" ? mul(extra, charge) : extra;
    });
    return { charge, credit, extra: sum(extras), net: add(sub(charge, credit), sum(extras)) };
  });
};

// Steps 6 to 8 before the weight: what an indicator loses out of the points that its prices are written for.
const lossOf = (scheme, town, part, indicator, cell, cost) => {
  if (!cell.classes) return { loss: cell.loss, net: null };
  let net = ZERO;
  for (let n = 0; n < cell.classes.length; n += 2) net = add(net, times(cost[cell.classes[n]].net, cell.classes[n + 1]));
  let loss = mul(net, cell.factor);
  if (cell.fired && cmp(loss, indicator.points) < 0) loss = indicator.points;
  let bound = indicator.cap;
  if (bound !== null) {
    if (cell.fired) bound = larger(bound, indicator.points);
    loss = smaller(loss, bound);
  }
  if (!cell.fired) {
    for (const one of town.surcharges) {
      if (one.part !== part || one.level !== "indicator" || (one.of !== null && one.of !== indicator.id)) continue;
      let added = mul(loss, one.share);
      if (bound !== null) added = smaller(added, larger(sub(bound, loss), ZERO));
      loss = add(loss, added);
    }
  }
  return { loss, net };
};

// One town under a setting. `losses` are those of steps 6 to 8, by cell.
const scoreTown = (scheme, town, setting, losses) => {
  const { direction, sign, fine, decimals } = scheme;
  const tidy = (value) => (fine ? rounded(value, decimals) : value);
  const down = direction === "down";
  const full = down ? sum(scheme.dimensions.map((one) => setting.points[one.id])) : scheme.full;
  const weights = sum(scheme.parts.map((one) => one.weight));
  const start = mul(down ? full : direction === "net" ? scheme.base : ZERO, weights);
  const lines = [];
  const earned = [], dimensions = {};
  let value = start;

  const surcharged = (level, of, part, loss, bound, note) => {
    for (const one of town.surcharges) {
      if (one.part !== part || one.level !== level || (one.of !== null && one.of !== of)) continue;
      let added = mul(loss, one.share);
      if (bound !== null) added = smaller(added, larger(sub(bound, loss), ZERO));
      added = tidy(added);
      if (added.n) note("surcharge", times(added, sign), one.label);
      loss = add(loss, added);
    }
    return loss;
  };

  scheme.parts.forEach(({ id: partId, weight }, part) => {
    const note = (dimension, indicator) => (kind, points, label) => {
      if (!points.n) return;
      const weighed = mul(points, weight);
      value = add(value, weighed);
      lines.push({ part: partId, dimension, indicator, kind, points: weighed, label });
    };
    const applies = {};
    const held = {};
    let whole = ZERO, place = part * scheme.indicators.length;

    for (const dimension of scheme.dimensions) {
      const own = [];
      for (const indicator of dimension.indicators) {
        const number = place++, worth = setting.worth[indicator.id];
        const before = losses[number];
        if (before === null) {
          earned[number] = null;
          continue;
        }
        const converted = mul(before.loss, div(worth, indicator.points));
        const exact = down ? sub(worth, converted) : times(converted, sign);
        const got = tidy(exact);
        earned[number] = got;
        note(dimension.id, indicator.id)("indicator", down ? sub(got, worth) : got);
        own.push({ indicator, worth, got });
      }
      const total = dimension.scale || setting.scaled[dimension.id]
        ? sum(dimension.indicators.map((one) => setting.worth[one.id])) : setting.points[dimension.id];
      const points = setting.points[dimension.id], scales = !same(total, points);
      const above = note(dimension.id, null);
      let loss;
      if (down) {
        if (!own.length) {
          dimensions[dimension.id] = add(dimensions[dimension.id] ?? ZERO, points);
          applies[dimension.id] = false;
          held[dimension.id] = points;
          continue;
        }
        let reached = redistributed(dimension, own, setting, tidy, note);
        if (scales) {
          const known = sub(add(reached, points), total);
          const change = tidy(sub(div(mul(points, reached), total), known));
          above("scale", change);
          reached = add(known, change);
        }
        loss = sub(points, reached);
      } else {
        let reached = sum(own.map((one) => one.got));
        if (scales) {
          const change = tidy(sub(div(mul(reached, points), total), reached));
          above("scale", change);
          reached = add(reached, change);
        }
        loss = times(reached, sign);
      }
      applies[dimension.id] = true;
      if (dimension.cap !== null && cmp(loss, dimension.cap) > 0) {
        const change = tidy(times(sub(dimension.cap, loss), sign));
        above("cap", change);
        loss = add(loss, times(change, sign));
      }
      if (loss.n > 0n) loss = surcharged("dimension", dimension.id, part, loss, dimension.cap, above);
      held[dimension.id] = down ? sub(points, loss) : times(loss, sign);
      dimensions[dimension.id] = add(dimensions[dimension.id] ?? ZERO, held[dimension.id]);
      whole = add(whole, larger(loss, ZERO));
    }
    if (down) {
      for (const dimension of scheme.dimensions) {
        if (applies[dimension.id] || ["refuse", "full"].includes(dimension.empty)) continue;
        const to = dimension.empty, own = setting.points[dimension.id];
        const change = tidy(sub(div(mul(held[to], own), setting.points[to]), own));
        note(to, null)("not_applicable", change);
        whole = sub(whole, change);
      }
    }
    surcharged("part", partId, part, whole, null, note(null, null));
  });

  const at = fine ? weights : ONE;
  const lost = larger(direction === "up" ? value : sub(start, value), ZERO);
  surcharged("total", "", -1, div(lost, at), null, (kind, points, label) => {
    const weighed = mul(points, at);
    value = add(value, weighed);
    lines.push({ part: "", dimension: null, indicator: null, kind, points: weighed, label });
  });
  return finish(scheme, town, { value, start, lines, earned, dimensions }, full, weights, tidy);
};

// Step 9: the indicators that apply stand for those that do not.
const redistributed = (dimension, own, setting, tidy, note) => {
  const present = Object.fromEntries(own.map((one) => [one.indicator.id, one]));
  const points = Object.fromEntries(own.map((one) => [one.indicator.id, one.worth]));
  const got = Object.fromEntries(own.map((one) => [one.indicator.id, one.got]));
  const moved = {};
  const spread = [];
  for (const one of dimension.indicators) {
    if (present[one.id]) continue;
    if (one.to !== null && present[one.to]) (moved[one.to] ??= []).push(one);
    else spread.push(one);
  }
  for (const [to, sources] of Object.entries(moved)) {
    const extra = sum(sources.map((one) => setting.worth[one.id]));
    const grown = div(mul(got[to], add(points[to], extra)), points[to]);
    const change = tidy(sub(sub(grown, got[to]), extra));
    note(dimension.id, to)("not_applicable", change);
    got[to] = add(got[to], add(extra, change));
    points[to] = add(points[to], extra);
  }
  const value = sum(Object.values(got));
  if (!spread.length) return value;
  const missing = sum(spread.map((one) => setting.worth[one.id]));
  const base = sum(Object.values(points));
  const change = tidy(sub(sub(div(mul(add(base, missing), value), base), value), missing));
  note(dimension.id, null)("not_applicable", change);
  return add(add(value, missing), change);
};

// Step 11: what stands above, range, a veto that makes the score 0, the last rounding.
const finish = (scheme, town, made, full, weights, tidy) => {
  let { value, lines } = made;
  const note = (kind, points, label) => {
    if (!points.n) return;
    value = add(value, points);
    lines.push({ part: "", dimension: null, indicator: null, kind, points, label });
  };
  const whole = add(weights, town.rolled);
  note("period", town.brought);
  note("adjusted", town.adjusted);
  for (const one of town.carried) {
    const weight = one.grows ? div(mul(one.weight, full), scheme.full) : one.weight;
    note("carry_over", town.rolled.n ? mul(weight, tidy(one.points)) : tidy(mul(weight, one.points)), one.origin);
  }
  const high = scheme.high ?? (scheme.direction === "up" ? null : mul(full, whole));
  let bounded = larger(value, scheme.low);
  if (high !== null) bounded = smaller(bounded, high);
  note("range", sub(bounded, value));
  if (town.zero) note("gate", neg(value));
  note("rounding", sub(rounded(value, scheme.decimals), value));
  return { ...made, score: value, lines };
};

// Competition ranks, tie-breakers, grades and their vetoes, as scoring/ranking.py has them.
const placed = (scheme, results) => {
  const better = scheme.direction === "up" ? 1 : -1;
  const last = (one) => one.town.gates.some((gate) => scheme.gates[gate][0] === "last_place");
  const ties = (one) => scheme.ties.map(([by, of], n) => {
    if (one.town.ties[n] !== null) return one.town.ties[n];
    if (by === "dimension") return times(one.dimensions[of] ?? ZERO, better);
    const number = scheme.indicators.findIndex((each) => each.id === of), size = scheme.indicators.length;
    return times(sum(scheme.parts.map((_, part) => one.earned[part * size + number] ?? ZERO)), better);
  });
  const keys = new Map(results.map((one) => [one, [times(one.score, better), ...ties(one)]]));
  const order = (gated) => (a, b) => {
    if (gated && last(a) !== last(b)) return last(a) ? 1 : -1;
    const one = keys.get(a), two = keys.get(b);
    for (let n = 0; n < one.length; n++) {
      const found = cmp(one[n], two[n]);
      if (found) return found;
    }
    return 0;
  };
  const ranks = (members, gated) => {
    const sorted = [...members].sort(order(gated));
    const found = new Map();
    sorted.forEach((one, n) => {
      const before = sorted[n - 1];
      found.set(one, n && order(gated)(before, one) === 0 ? found.get(before) : n + 1);
    });
    return found;
  };
  const groups = new Map();
  for (const one of results) groups.set(one.town.group, [...(groups.get(one.town.group) ?? []), one]);
  for (const [one, rank] of ranks(results, true)) one.rank = rank;
  for (const members of groups.values()) for (const [one, rank] of ranks(members, true)) one.groupRank = rank;

  const policy = scheme.grades;
  if (!policy) return results;
  const list = policy.grades;
  const band = (score) => {
    const found = list.findIndex((grade) => (grade.least !== null && cmp(score, grade.least) >= 0)
      || (grade.most !== null && cmp(score, grade.most) <= 0));
    return found < 0 ? list.length - 1 : found;
  };
  const graded = new Map();
  if (!policy.quantiles) for (const one of results) graded.set(one, band(one.score));
  else {
    for (const members of policy.within === "group" ? groups.values() : [results]) {
      if (members.length < policy.smallest) {
        for (const one of members) graded.set(one, band(one.score));
        continue;
      }
      const free = ranks(members, false), gated = ranks(members, true);
      for (const one of members) {
        const places = last(one) ? gated : free;
        let stand = places.get(one);
        if (!policy.include) stand += [...places.values()].filter((each) => each === stand).length - 1;
        const found = list.slice(0, -1).findIndex((grade) => {
          const quota = times(grade.top ?? ONE, members.length);
          return BigInt(stand) <= quota.n / quota.d;
        });
        graded.set(one, found < 0 ? list.length - 1 : found);
      }
    }
  }
  for (const one of results) {
    let grade = graded.get(one);
    const gates = one.town.gates.map((gate) => scheme.gates[gate]);
    if (gates.some(([effect]) => effect === "grade_down")) grade = Math.min(grade + 1, list.length - 1);
    for (const [effect, name] of gates) {
      if (effect === "grade_ceiling") grade = Math.max(grade, list.findIndex((each) => each.id === name));
    }
    if (gates.some(([effect]) => effect === "no_honours")) while (list[grade].honour && grade < list.length - 1) grade++;
    one.grade = list[grade].id;
  }
  return results;
};

// All towns under a setting. What only policies change is kept until they change.
const scorer = (scheme) => {
  let known = null, cost = null, losses = null;
  return (setting) => {
    const policy = JSON.stringify([setting.states, setting.multipliers, setting.window], (_, value) => (
      typeof value === "bigint" ? String(value) : value));
    if (policy !== known) {
      known = policy;
      cost = costs(scheme, setting);
      const size = scheme.indicators.length;
      losses = scheme.towns.map((town) => town.cells.map((cell, n) => (
        cell && lossOf(scheme, town, Math.floor(n / size), scheme.indicators[n % size], cell, cost))));
    }
    const scaled = Object.fromEntries(scheme.dimensions.map((one) => [
      one.id, scheme.direction === "down" && !same(sum(one.indicators.map((each) => setting.worth[each.id])), setting.points[one.id])]));
    const asked = { ...setting, scaled };
    const results = scheme.towns.map((town, n) => (
      { town, losses: losses[n], cost, ...scoreTown(scheme, town, asked, losses[n]) }));
    return placed(scheme, results);
  };
};
