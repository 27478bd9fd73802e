/** The little of XML that S3 speaks: elements and text; attributes are read over, a document type is refused. */
import { AwsError } from '../aws-error.ts';

/** An element of a request. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** The text, its escapes removed; empty where there are children. */
  readonly text: string;
}

/** What an answer is made of: an element is its name and its content; a list of contents repeats nothing of its own. */
export type XmlContent = string | number | boolean | undefined | readonly XmlContent[] | XmlTree;
interface XmlTree {
  readonly [name: string]: XmlContent;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An answer's document. A list gives one element for each entry; undefined gives none. */
export function xmlDocument(name: string, content: XmlContent): string {
  const namespace = name === 'Error' ? '' : ` xmlns="${NAMESPACE}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${namespace}>${render(content)}</${name}>`;
}

function render(content: XmlContent): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escapeXml(String(content));
  if (isList(content)) return content.map(render).join('');
  return Object.entries(content)
    .map(([name, value]) =>
      isList(value) ? value.map((each) => element(name, each)).join('') : element(name, value),
    )
    .join('');
}

const isList = (content: XmlContent): content is readonly XmlContent[] => Array.isArray(content);
const element = (name: string, content: XmlContent): string =>
  content === undefined ? '' : `<${name}>${render(content)}</${name}>`;

/** Control characters may stand in keys: S3 sends them as references, though XML 1.0 has no room for them. */
const escapeXml = (text: string): string =>
  text.replaceAll(
    /[&<>"\r\n\t\p{Cc}]/gu,
    (character) => NAMED[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Reads a request's document.
 * @param name the root that is expected
 * @throws AwsError `MalformedXML`
 */
export function parseXml(text: string, name: string): XmlElement {
  const tokens = text.matchAll(/<\?[^>]*\?>|<!--[\s\S]*?-->|<(?<tag>[^>]*)>|(?<chars>[^<]+)/gy);
  const root: Open = { name: '', children: [], text: '' };
  const open: Open[] = [root];
  let end = 0;
  for (const token of tokens) {
    end = token.index + token[0].length;
    const current = open.at(-1) ?? root;
    const { tag, chars } = token.groups ?? {};
    if (chars !== undefined) current.text += chars;
    if (tag !== undefined) takeTag(tag, open);
  }
  const [document, ...others] = root.children;
  if (end !== text.length || open.length !== 1 || others.length > 0 || document?.name !== name)
    throw malformed();
  return document;
}

interface Open {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

function takeTag(tag: string, open: Open[]): void {
  if (tag.startsWith('!')) throw malformed();
  if (tag.startsWith('/')) {
    const closed = open.pop();
    const parent = open.at(-1);
    if (closed === undefined || parent === undefined || closed.name !== tag.slice(1).trim())
      throw malformed();
    const text = closed.children.length > 0 ? '' : removeEscapes(closed.text);
    parent.children.push({ name: closed.name, children: closed.children, text });
    return;
  }
  const name = /^[\w:.-]+/.exec(tag)?.[0];
  if (name === undefined) throw malformed();
  if (tag.endsWith('/')) open.at(-1)?.children.push({ name, children: [], text: '' });
  else open.push({ name, children: [], text: '' });
}

const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function removeEscapes(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));?/g,
    (_all, hex?: string, decimal?: string, name?: string) => {
      if (name === undefined)
        return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
      const character = CHARACTERS[name];
      if (character === undefined) throw malformed();
      return character;
    },
  );
}

/** The text of a child, or undefined where there is none. */
export const textOf = (parent: XmlElement, name: string): string | undefined =>
  parent.children.find((child) => child.name === name)?.text;

/** @throws AwsError `MalformedXML` where the child is missing */
export function requiredText(parent: XmlElement, name: string): string {
  const text = textOf(parent, name);
  if (text === undefined) throw malformed();
  return text;
}

export const childrenOf = (parent: XmlElement, name: string): readonly XmlElement[] =>
  parent.children.filter((child) => child.name === name);

/**
 * Refuses what this endpoint would silently drop.
 * @throws AwsError `NotImplemented` naming an element that is not among `known`
 */
export function onlyKnown(parent: XmlElement, known: readonly string[]): void {
  const unknown = parent.children.find((child) => !known.includes(child.name));
  if (unknown !== undefined) {
    throw new AwsError(
      501,
      'NotImplemented',
      `The element ${unknown.name} of ${parent.name} is not implemented.`,
    );
  }
}

export const malformed = () =>
  new AwsError(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
