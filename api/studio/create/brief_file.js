// Files of briefs: CSV and JSON Lines.

const LISTS = new Set(["modalities", "languages"]);

/** The rows of a batch from the text of a file. Throws Error with what is wrong and how to fix it. */
export function parseBriefFile(name, text) {
  const rows = /\.csv$/i.test(name) ? parseCsv(text) : parseJsonLines(text);
  if (!rows.length) throw new Error("the file has no rows; add one brief per row");
  return rows.map(({ key, ...brief }) => ({ ...(key && { key: String(key) }), brief: brief.brief ?? brief }));
}

function parseJsonLines(text) {
  return text.split("\n").filter((line) => line.trim()).map((line, n) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`line ${n + 1} is not valid JSON; write one object per line`);
    }
  });
}

function parseCsv(text) {
  const [heads, ...rows] = csvCells(text).filter((row) => row.some((cell) => cell.trim()));
  if (!heads?.includes("text")) throw new Error("the first row has no column `text`; start with the column names");
  return rows.map((row) => {
    const cells = heads.map((head, n) => [head.trim(), row[n]?.trim()]).filter(([, value]) => value);
    return Object.fromEntries(cells.map(([head, v]) => [head, LISTS.has(head) ? v.split(/[\s,;]+/) : v]));
  });
}

/** Rows of cells; a quoted cell may hold commas, line breaks and doubled quotes. */
function csvCells(text) {
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
  return cells;
}
