// Files of briefs: CSV and JSON lines.

const LISTS = new Set(["modalities", "languages"]);

/** Rows of a batch from a file's words. Raises Error with what is wrong. */
export function rowsOf(name, text) {
  const rows = /\.csv$/i.test(name) ? csv(text) : text.split("\n").filter((line) => line.trim()).map((line, n) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`line ${n + 1} is no JSON; give one object a line`);
    }
  });
  if (!rows.length) throw new Error("there is no row in it; give a brief in each");
  return rows.map(({ key, ...brief }) => ({ ...(key && { key: String(key) }), brief: brief.brief ?? brief }));
}

function csv(text) {
  const cells = [[""]];
  let quoted = false;
  for (let n = 0; n < text.length; n += 1) {
    const c = text[n];
    const row = cells.at(-1);
    if (quoted && c === '"' && text[n + 1] === '"') (row[row.length - 1] += c), (n += 1);
    else if (c === '"') quoted = !quoted;
    else if (c === "," && !quoted) row.push("");
    else if (c === "\n" && !quoted) cells.push([""]);
    else if (c !== "\r" || quoted) row[row.length - 1] += c;
  }
  const [heads, ...rows] = cells.filter((row) => row.some((cell) => cell.trim()));
  if (!heads?.includes("text")) throw new Error(
    "its first row names no column `text`; begin with the names of the columns",
  );
  return rows.map(
    (row) => Object.fromEntries(
      heads.map((head, n) => [head.trim(), row[n]?.trim()]).filter(([, v]) => v).map(
        ([head, v]) => [head, LISTS.has(head) ? v.split(/[\s,;]+/) : v],
      ),
    ),
  );
}
