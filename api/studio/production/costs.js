// Actual costs next to their estimates. What is free, and what has an unknown price, is named as such.

import { count, priceRange, spent, usd } from "../lib/format.js";

const TOLERANCE = 1e-9; // USD

/** A price range, e.g. $0.38 to $0.51 and unknown prices. */
export function estimateRange({ low, high, unknown }) {
  const known = Number(high) > 0 && priceRange(low, high);
  if (!unknown) return known || "free";
  return known ? `${known} and unknown prices` : "unknown";
}

/**
 * A cost next to its estimate, e.g. Cost $0.42 of an estimate of $0.38 to $0.51; `unknown` is the number of costs that
 * are not published, and not in `cost`.
 */
export function costOfEstimate(cost, estimate, unknown = 0) {
  const known = Number(cost) > 0;
  const planned = Number(estimate?.high) > 0;
  if (!known && !planned && unknown) return "Cost unknown";
  if (!known && !planned && !estimate?.unknown) return "Free";
  const amounts = [known && `Cost ${usd(cost)}`, unknown > 0 && count(unknown, "unknown cost")].filter(Boolean);
  const actual = amounts.join(" and ") || `Cost ${usd(0)}`;
  if (!estimate) return actual;
  return `${actual}${planned ? " of an estimate of" : ", estimate"} ${estimateRange(estimate)}`;
}

/** 1 where a cost is above its estimate, -1 below it, 0 within it, and where there is no whole estimate. */
export function deviation(cost, estimate) {
  if (!estimate || estimate.unknown) return 0;
  if (Number(cost) > Number(estimate.high) + TOLERANCE) return 1;
  return Number(cost) < Number(estimate.low) - TOLERANCE ? -1 : 0;
}

/** The cost of an asset so far, with `tone` bad where it is above the estimate; null where nothing is made. */
export function assetCost({ record }) {
  if (!record?.take) return null;
  const { cost_usd: cost, estimate_usd: estimate, cost_source: source } = record;
  const unknown = source === "unknown";
  const deviates = unknown ? 0 : deviation(cost, estimate);
  return {
    price: unknown ? "Price unknown" : record.reused && !Number(cost) ? "Reused, free" : spent(cost),
    text: costOfEstimate(cost, estimate, unknown ? 1 : 0),
    estimate: deviates !== 0 && `Estimate ${estimateRange(estimate)}`,
    tone: deviates > 0 ? "bad" : "",
  };
}

/** The cost of a production so far: of all takes, and of planning. */
export function productionCost({ data }) {
  const unknown = data.assets.filter((asset) => asset.cost_source === "unknown").length;
  return {
    text: costOfEstimate(data.spent_usd, data.estimate_usd, unknown),
    tone: Number(data.overrun_usd) > 0 ? "bad" : "",
  };
}
