// A small virtual DOM. Words stay words: nothing here, and nothing in the whole page, parses a string as markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "open", "muted", "indeterminate", "selected"]);

/** Describe an element; children may be nested, and empty ones are left out. */
export function h(tag, props, ...children) {
  const kept = children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== "");
  return { tag, props: props ?? {}, key: props?.key, children: kept };
}

/** Make what is in `root` look like `children`, touching only what is different. */
export function render(root, ...children) {
  patchChildren(root, h("x", null, children).children, false);
}

function patchChildren(parent, wanted, svg) {
  const old = parent.made ?? [];
  const byKey = new Map();
  const loose = [];
  for (const node of old) (node.key === undefined ? loose.push(node) : byKey.set(node.key, node));
  const made = wanted.map((child) => {
    const found = child.key === undefined ? loose.shift() : byKey.get(child.key);
    if (found && fits(found, child)) {
      byKey.delete(found.key);
      return patch(found, child, svg);
    }
    return create(child, svg);
  });
  const kept = new Set(made);
  for (const node of old) if (!kept.has(node)) remove(node);
  let at = parent.firstChild;
  for (const { node } of made) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  parent.made = made;
}

const fits = (was, now) => (typeof now === "object" ? was.tag === now.tag && was.key === now.key : was.tag === "#text");

function create(wanted, svg) {
  if (typeof wanted !== "object") return { tag: "#text", node: document.createTextNode(String(wanted)) };
  const inside = svg || wanted.tag === "svg";
  const node = inside ? document.createElementNS(SVG, wanted.tag) : document.createElement(wanted.tag);
  const made = { tag: wanted.tag, key: wanted.key, node, props: {} };
  node.heard = {};
  patchChildren(node, wanted.children, inside);
  setProps(made, wanted.props);
  wanted.props.created?.(node);
  return made;
}

function patch(made, wanted, svg) {
  if (made.tag === "#text") {
    const text = String(wanted);
    if (made.node.data !== text) made.node.data = text;
    return made;
  }
  patchChildren(made.node, wanted.children, svg || made.tag === "svg");
  setProps(made, wanted.props);
  return made;
}

function setProps(made, props) {
  const { node, props: was } = made;
  for (const name of new Set([...Object.keys(was), ...Object.keys(props)])) {
    const value = props[name];
    if (name === "key" || name === "created" || name === "removed") continue;
    if (name.startsWith("on")) {
      const event = name.slice(2);
      if (!node.heard[event] && value) node.addEventListener(event, (e) => node.heard[event]?.(e));
      node.heard[event] = value;
    } else if (name === "vars") {
      for (const [key, each] of Object.entries(value ?? {})) node.style.setProperty(key, String(each));
    } else if (PROPERTIES.has(name)) {
      // What somebody is typing is left alone until the state says something new.
      const given = value ?? (name === "value" ? "" : false);
      if (was[name] !== value && node[name] !== given) node[name] = given;
    } else if (was[name] !== value) {
      if (value === undefined || value === null || value === false) node.removeAttribute(name);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.props = props;
}

function remove(made) {
  made.props?.removed?.(made.node);
  made.node.remove();
}
