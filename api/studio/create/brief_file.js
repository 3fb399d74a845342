// Files of briefs: CSV and JSON Lines, as `greenlight batch` reads them.

/** The columns of a CSV file: fields of a brief. JSON Lines take all fields of a brief, as the API does. */
export const COLUMNS = [
  "text", "platform", "title", "style", "language", "aspect", "duration_seconds", "budget_usd", "modalities",
  "models", "reuse", "key",
];

/** Between the cells. Spreadsheets write semicolons where the decimal separator is a comma. */
const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs" };
const NUMBERS = ["duration_seconds", "budget_usd"];

/** The text of a file. Throws Error where it is not UTF-8, because other encodings would change its letters. */
export async function textOf(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8 text; save it as “CSV UTF-8”");
  }
}

/** The rows of a batch from the text of a file. Throws Error with what is wrong and how to fix it. */
export function parseBriefFile(name, text) {
  const csv = /\.csv$/i.test(name);
  const jsonLines = /\.(jsonl|ndjson|json)$/i.test(name);
  if (!csv && !jsonLines) throw new Error("it is neither .csv nor .jsonl; rename it by its format");
  const rows = csv ? parseCsv(text) : parseJsonLines(text);
  if (!rows.length) throw new Error("it has no rows; add one brief per row");
  return rows.map(({ key, ...brief }) => ({ ...(key && { key: String(key) }), brief: brief.brief ?? brief }));
}

function parseJsonLines(text) {
  return text.split("\n").map((line, n) => [line, n + 1]).filter(([line]) => line.trim()).map(([line, number]) => {
    let fields;
    try {
      fields = JSON.parse(line);
    } catch {
      throw new Error(`line ${number} is not valid JSON; write one object per line`);
    }
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
      throw new Error(`line ${number} is not a JSON object; write one per line, e.g. {"text": "…"}`);
    }
    return fields;
  });
}

function parseCsv(text) {
  const [content, delimiter] = findDelimiter(text);
  const [heads = [], ...rows] = csvCells(content, delimiter).filter((row) => row.some((cell) => cell.trim()));
  const names = heads.map((head) => head.trim());
  const unknown = names.filter((name) => !COLUMNS.includes(name));
  if (!names.includes("text")) throw new Error("the first row has no column “text”; start with the column names");
  if (unknown.length) {
    throw new Error(`there is no column “${unknown.join("”, “")}”; the columns are ${COLUMNS.join(", ")}`);
  }
  return rows.map((row, n) => {
    if (row.length > names.length) {
      throw new Error(`row ${n + 1} has more cells than there are columns; quote a cell with ${DELIMITERS[delimiter]}`);
    }
    const cells = names.map((name, k) => [name, row[k]?.trim()]).filter(([, cell]) => cell);
    return briefOf(Object.fromEntries(cells), delimiter);
  });
}

/** The text without a line `sep=;`, and the character between its cells: the one that finds the most columns. */
function findDelimiter(text) {
  const [first] = text.split("\n", 1);
  const named = first.trim().replaceAll('"', "").match(/^sep=([,;\t])$/i);
  if (named) return [text.slice(first.length + 1), named[1]];
  const found = (delimiter) => csvCells(first, delimiter)[0].filter((cell) => COLUMNS.includes(cell.trim())).length;
  const [most] = Object.keys(DELIMITERS).sort((one, other) => found(other) - found(one));
  return [text, most];
}

function briefOf({ language, modalities, models, ...brief }, delimiter) {
  if (language) brief.languages = [language];
  if (modalities) brief.modalities = modalities.split(/\s+/);
  if (models) brief.models = Object.fromEntries(models.split(/\s+/).map(modelOf));
  if (delimiter === ",") return brief;
  for (const name of NUMBERS) if (/^\d+,\d+$/.test(brief[name])) brief[name] = brief[name].replace(",", ".");
  return brief;
}

/** The stage and the model of a pair such as `judge=openai/gpt-6-luna`. */
function modelOf(pair) {
  const [stage, model] = pair.split(/=(.*)/s);
  if (!model) throw new Error(`models: “${pair}” has no model; write STAGE=PROVIDER/MODEL, with blanks between them`);
  return [stage, model];
}

/** Rows of cells; a quoted cell may hold delimiters, line breaks and doubled quotes. */
function csvCells(text, delimiter) {
  const cells = [[""]];
  let quoted = false;
  for (let n = 0; n < text.length; n += 1) {
    const c = text[n];
    const row = cells.at(-1);
    const cell = row.at(-1);
    if (quoted && c === '"' && text[n + 1] === '"') (row[row.length - 1] += c), (n += 1);
    else if (c === '"' && (quoted || !cell.trim())) (quoted = !quoted), quoted && (row[row.length - 1] = "");
    else if (c === delimiter && !quoted) row.push("");
    else if (c === "\n" && !quoted) cells.push([""]);
    else if (c !== "\r" || quoted) row[row.length - 1] += c;
  }
  return cells;
}
