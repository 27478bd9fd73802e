import { parseXml, textOf, xmlDocument } from '../../../../local/aws/s3/xml.ts';

describe('a document', () => {
  it('comes back as it was written, whatever stands in it', () => {
    const key = 'a&b<c>"d" \t\r\n\u0001 ünï 😀';
    const text = xmlDocument('Answer', {
      Key: key,
      Size: 3,
      Done: true,
      Left: undefined,
      Each: [{ Id: 1 }, { Id: 2 }],
    });
    const document = parseXml(text, 'Answer');
    expect(textOf(document, 'Key')).toBe(key);
    expect(document.children.map(({ name }) => name)).toEqual(['Key', 'Size', 'Done', 'Each', 'Each']);
  });

  it.each([
    ['nothing', ''],
    ['another root', '<Other/>'],
    ['two roots', '<Delete/><Delete/>'],
    ['an open element', '<Delete><Object></Delete>'],
    ['an element without end', '<Delete>'],
    ['text around', 'text<Delete/'],
    ['a document type', '<!DOCTYPE Delete [<!ENTITY a "b">]><Delete>&a;</Delete>'],
    ['an unknown entity', '<Delete>&a;</Delete>'],
  ])('with %s is refused', (_case, text) => {
    expect(() => parseXml(text, 'Delete')).toThrow('not well-formed');
  });

  it('may have a declaration, comments, attributes and spaces', () => {
    const text =
      '<?xml version="1.0"?>\n<!-- c --><Delete xmlns="urn:x">\n <Key a="b">k</Key>\n <Quiet/>\n</Delete>\n';
    const document = parseXml(text, 'Delete');
    expect([textOf(document, 'Key'), textOf(document, 'Quiet')]).toEqual(['k', '']);
  });
});
