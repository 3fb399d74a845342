// Numbers, sums, dates and lists as text, in the reader's own locale.

const locale = navigator.language;
const dollars = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });
const cents = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "long" });
const whole = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });
const lists = new Intl.ListFormat(locale, { type: "conjunction" });

/** Amounts below 0.10 USD keep their fractions of a cent. */
export const usd = (amount) => Number.isNaN(Number(amount)) ? "…" : (Math.abs(Number(amount)) < 0.1 ? cents : dollars).format(Number(amount ?? 0));
export const percent = (share) => percents.format(share);
export const count = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : (many ?? `${one}s`)}`;
export const listed = (names) => lists.format(names);
export const dateTime = (at) => dates.format(new Date(at));

/** The time as a clock in this time zone shows it; a zone that the browser does not know gets the reader's own. */
export function dateTimeIn(at, timeZone) {
  try {
    return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone }).format(new Date(at));
  } catch {
    return dateTime(at);
  }
}

/** The price on a button that spends it; null is a price that is not published. */
export function priceLimit(price) {
  if (price === null) return "price unknown";
  return Number(price) === 0 ? "free" : `up to ${usd(price)}`;
}

export function priceRange(low, high) {
  if (Number(high) === 0) return "Free";
  return Number(low) === Number(high) ? usd(high) : `${usd(low)} to ${usd(high)}`;
}

export function quotePrice(quote) {
  if (!quote) return "Not priced";
  return quote.unknown ? "Price unknown" : priceRange(quote.low_usd, quote.high_usd);
}

/** USD as the API accepts it: in hundredths of a cent, rounded up. */
export const roundedUp = (sum) => (Math.ceil(sum * 1e4 - 1e-6) / 1e4).toFixed(4);

/** What was spent on something that is made. */
export const spent = (amount) => (Number(amount) ? usd(amount) : "Free");

/** What was spent so far, in a list: nothing where there is no known cost, which may be free, unknown or still to come. */
export const spentSoFar = (amount) => Number(amount) > 0 && usd(amount);

/** What vendors charged above their published prices. */
export const aboveListPrice = (amount) => `${usd(amount)} above published prices`;

const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

export function ago(at, now = Date.now()) {
  const seconds = (new Date(at) - now) / 1000;
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return unit === "second" && Math.abs(seconds) < 45 ? "just now" : relative.format(Math.round(seconds / size), unit);
}

/** 75 -> 1:15. */
export function clock(seconds) {
  const rounded = Math.max(0, Math.round(seconds));
  const two = (n) => String(n % 60).padStart(2, "0");
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return `${minutes}:${two(rounded)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes)}:${two(rounded)}`;
}

export function duration(seconds) {
  if (seconds < 1) return "under 1 s";
  return seconds < 90 ? `${whole.format(Math.round(seconds))} s` : `${whole.format(Math.round(seconds / 60))} min`;
}

export function fileSize(bytes) {
  const [unit, each] = bytes >= 1e9 ? ["gigabyte", 1e9] : bytes >= 1e6 ? ["megabyte", 1e6] : ["kilobyte", 1e3];
  const style = { style: "unit", unit, maximumFractionDigits: bytes / each < 10 ? 1 : 0 };
  return new Intl.NumberFormat(locale, style).format(bytes / each).replace(" ", "\u00a0");
}

/** The beginning of a text; it ends after a whole word where it has one. */
export function excerpt(text, chars = 60) {
  if (text.length <= chars) return text;
  const words = text.slice(0, chars + 1).replace(/\s*\S*$/, "");
  return `${words || text.slice(0, chars)}…`;
}

export const truncated = (text, chars) => (text.length > chars ? `${text.slice(0, chars)}…` : text);

/** The parts that are present, e.g. Video · 12 s · 16:9. */
export const dotted = (...parts) => parts.filter(Boolean).join(" · ");
