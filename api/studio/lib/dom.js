// A small virtual DOM whose views are written as markup. Values are always text: no string from outside is parsed.

const SVG = "http://www.w3.org/2000/svg";
const VOID = new Set(["br", "img", "input", "track"]);
const HOLE = "\0"; // stands for ${…} while the static strings of a template are parsed
const TEXT = /[^<]+/y;
const OPEN = /<([\w-]+)/y;
const ATTRIBUTE = /\s+(?:(\.\.\.)\0|(\.?[\w-]+)(?:=(?:"([^"]*)"|(\0)))?)/y;
const END = /\s*(\/?)>/y;
const CLOSE = /<\/([\w-]+)>/y;

const parsed = new WeakMap(); // the strings of a tagged template -> its nodes

/**
 * Describe DOM nodes, e.g. html`<li class="row" key=${id}>${name}</li>`. One root gives a node, several give an array.
 *
 * Between tags a value is a node, an array, a string or a number; null, undefined, false and "" add nothing. A line
 * break next to a tag or a value is layout and adds no space. Inside a tag:
 *   title=${value}, class="card ${tone}"  set an attribute; true sets it empty, null, undefined and false remove it
 *   .value=${value}                       sets a property; null leaves it as it is
 *   onclick=${listener}                   adds a listener
 *   vars=${{ "--done": 0.5 }}             sets CSS custom properties, which the page's policy permits and style="" not
 *   created=${call} removed=${call}       call with the element after it is created and before it is removed
 *   key=${id}                             identifies the element among its siblings, of which no other has this key,
 *                                         when the view is rendered again; without one its place in the template does
 *   ...${props}                           sets all of these from an object
 * Throws SyntaxError for a malformed template.
 */
export function html(strings, ...values) {
  if (!parsed.has(strings)) parsed.set(strings, parse(strings));
  const nodes = parsed.get(strings).map((node) => fill(node, values));
  return nodes.length === 1 ? nodes[0] : nodes;
}

/** Make the content of `root` equal to `children`; only what differs is changed, so focus and scrolling are kept. */
export function render(root, ...children) {
  patchChildren(root, flatten(children), false);
}

// Templates: static strings -> nodes, once; a node is a string, the number of a value, or an element.

function parse(strings) {
  const source = strings.join(HOLE);
  const root = { tag: "", children: [] };
  const open = [root];
  let at = 0;
  let values = 0;

  const fail = (problem) => {
    const message = `${problem} at "${source.slice(at, at + 30)}" in the template ${source}`;
    throw new SyntaxError(message.replaceAll(HOLE, "${…}"));
  };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const parts = (text, trim = (each) => each) =>
    text.split(HOLE).flatMap((each, n) => (n ? [values++, trim(each)] : [trim(each)])).filter((each) => each !== "");
  const withoutLayout = (text) => text.replace(/^\s*\n\s*|\s*\n\s*$/g, "").replace(/\s*\n\s*/g, " ");

  while (at < source.length) {
    const parent = open.at(-1);
    let found;
    if ((found = take(TEXT))) parent.children.push(...parts(found[0], withoutLayout));
    else if ((found = take(CLOSE))) {
      if (found[1] !== parent.tag) fail(`</${found[1]}> does not close <${parent.tag}>`);
      open.pop();
    } else if ((found = take(OPEN))) {
      const element = { tag: found[1], attributes: [], children: [] };
      parent.children.push(element);
      while ((found = take(ATTRIBUTE))) {
        const [, spread, name, quoted, hole] = found;
        element.attributes.push([spread ?? name, spread || hole ? [values++] : parts(quoted ?? "")]);
      }
      const end = take(END) ?? fail(`The attributes of <${element.tag}> are malformed`);
      if (!end[1] && !VOID.has(element.tag)) open.push(element);
    } else fail("Unexpected <");
  }
  if (open.length > 1) fail(`<${open.at(-1).tag}> is not closed`);
  return root.children;
}

function fill(node, values) {
  if (typeof node === "string") return node;
  if (typeof node === "number") return values[node];
  const props = {};
  for (const [name, parts] of node.attributes) {
    if (name === "...") Object.assign(props, values[parts[0]]);
    else if (parts.length === 1) props[name] = fill(parts[0], values);
    else props[name] = parts.map((part) => fill(part, values)).filter((each) => !isNothing(each)).join("");
  }
  return { tag: node.tag, props, key: props.key, children: flatten(node.children.map((child) => fill(child, values))) };
}

const isNothing = (value) => value === null || value === undefined || value === false || value === "";

/** One flat list of children: adjacent texts are one; an element without a key has that of its place. */
function flatten(children, place = "@", flat = []) {
  children.forEach((child, n) => {
    if (isNothing(child)) return;
    if (Array.isArray(child)) flatten(child, `${place}${n}/`, flat);
    else if (typeof child === "object") flat.push({ ...child, key: child.key ?? place + n });
    else if (typeof flat.at(-1) === "string") flat.push(flat.pop() + child);
    else flat.push(String(child));
  });
  return flat;
}

// Rendering: what was rendered is {tag, key, node, props}, kept as `rendered` of the parent node.

function patchChildren(parent, wanted, svg) {
  const before = parent.rendered ?? [];
  const byKey = new Map();
  const texts = [];
  for (const each of before) (each.tag === "#text" ? texts.push(each) : byKey.set(each.key, each));
  const rendered = wanted.map((child) => {
    const isText = typeof child === "string";
    const found = isText ? texts.shift() : byKey.get(child.key);
    if (!isText) byKey.delete(child.key);
    return found && (isText || found.tag === child.tag) ? patch(found, child, svg) : create(child, svg);
  });
  const kept = new Set(rendered);
  for (const each of before) if (!kept.has(each)) remove(each);
  let next = null;
  for (const { node } of rendered.reverse()) {
    const focused = node.contains(document.activeElement); // it would lose the focus by a move: others move instead
    while (node.parentNode !== parent || node.nextSibling !== next) {
      parent.insertBefore(...(focused ? [node.nextSibling, node] : [node, next]));
    }
    next = node;
  }
  parent.rendered = rendered.reverse();
}

function create(wanted, svg) {
  if (typeof wanted === "string") return { tag: "#text", node: document.createTextNode(wanted) };
  const inside = svg || wanted.tag === "svg";
  const node = inside ? document.createElementNS(SVG, wanted.tag) : document.createElement(wanted.tag);
  const rendered = { tag: wanted.tag, key: wanted.key, node, props: {} };
  node.listeners = {};
  patchChildren(node, wanted.children, inside);
  setProps(rendered, wanted.props);
  wanted.props.created?.(node);
  return rendered;
}

function patch(rendered, wanted, svg) {
  if (rendered.tag === "#text") {
    if (rendered.node.data !== wanted) rendered.node.data = wanted;
    return rendered;
  }
  patchChildren(rendered.node, wanted.children, svg || rendered.tag === "svg");
  setProps(rendered, wanted.props);
  return rendered;
}

function setProps(rendered, props) {
  const { node, props: before } = rendered;
  for (const name of new Set([...Object.keys(before), ...Object.keys(props)])) {
    const value = props[name];
    if (name === "key" || name === "created" || name === "removed") continue;
    if (name.startsWith("on")) {
      const event = name.slice(2);
      if (!node.listeners[event] && value) node.addEventListener(event, (e) => node.listeners[event]?.(e));
      node.listeners[event] = value;
    } else if (name === "vars") {
      for (const [key, each] of Object.entries(value ?? {})) node.style.setProperty(key, String(each));
    } else if (before[name] === value) {
      continue; // so that text that is being typed is kept until the state changes
    } else if (name.startsWith(".")) {
      const property = name.slice(1);
      if (value !== null && node[property] !== value) node[property] = value;
    } else if (value === undefined || value === null || value === false) {
      node.removeAttribute(name);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  rendered.props = props;
}

function remove(rendered) {
  rendered.props?.removed?.(rendered.node);
  rendered.node.remove();
}
