// Exact numbers: fractions of BigInt, reduced, the denominator above 0. No score ever passes through a float.
"use strict";

const gcd = (a, b) => {
  if (a < 0n) a = -a;
  while (b) [a, b] = [b, a % b];
  return a;
};

const make = (n, d) => {
  if (d === 1n) return { n, d };
  if (d < 0n) [n, d] = [-n, -d];
  const common = gcd(n, d);
  return common === 1n ? { n, d } : { n: n / common, d: d / common };
};

const ZERO = { n: 0n, d: 1n };
const ONE = { n: 1n, d: 1n };

const add = (a, b) => (a.d === b.d ? make(a.n + b.n, a.d) : make(a.n * b.d + b.n * a.d, a.d * b.d));
const neg = (a) => ({ n: -a.n, d: a.d });
const sub = (a, b) => add(a, neg(b));
const mul = (a, b) => make(a.n * b.n, a.d * b.d);
const div = (a, b) => make(a.n * b.d, a.d * b.n);
const cmp = (a, b) => {
  const left = a.n * b.d, right = b.n * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
};
const same = (a, b) => a.n === b.n && a.d === b.d;
const larger = (a, b) => (cmp(a, b) < 0 ? b : a);
const smaller = (a, b) => (cmp(a, b) > 0 ? b : a);
const times = (a, whole) => make(a.n * BigInt(whole), a.d);
const sum = (list) => list.reduce(add, ZERO);

// "1/3", "-0.25", "8" → a fraction; null for anything else.
const parse = (text) => {
  const found = /^(-?)(\d+)(?:\.(\d+)|\/(\d+))?$/.exec(String(text).trim());
  if (!found) return null;
  const [, minus, whole, decimals, below] = found;
  if (below !== undefined && /^0+$/.test(below)) return null;
  const value = decimals !== undefined
    ? make(BigInt(whole + decimals), 10n ** BigInt(decimals.length))
    : make(BigInt(whole), BigInt(below ?? 1));
  return minus ? neg(value) : value;
};

// To so many decimals; an exact half moves away from zero.
const rounded = (a, decimals) => {
  const scale = 10n ** BigInt(decimals);
  if (scale % a.d === 0n) return a;
  const size = (a.n < 0n ? -a.n : a.n) * scale * 2n;
  const whole = (size + a.d) / (2n * a.d);
  return make(a.n < 0n ? -whole : whole, scale);
};

// With exactly so many decimals.
const fixed = (a, decimals) => {
  const scale = 10n ** BigInt(decimals);
  const near = rounded(a, decimals);
  const units = (near.n * scale) / near.d;
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  return (units < 0n ? "-" : "") + digits.slice(0, cut) + (decimals ? "." + digits.slice(cut) : "");
};

// As a scheme writes it: a decimal where it ends, else a fraction.
const written = (a) => {
  let rest = a.d, decimals = 0;
  for (const prime of [10n, 2n, 5n]) while (rest % prime === 0n) [rest, decimals] = [rest / prime, decimals + 1];
  return rest === 1n ? fixed(a, decimals).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") : `${a.n}/${a.d}`;
};
