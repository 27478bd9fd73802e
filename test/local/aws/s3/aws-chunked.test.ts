import { createChunkedDecoder } from '../../../../local/aws/s3/aws-chunked.ts';
import { verifySignature } from '../../../../local/aws/sigv4.ts';

// The worked examples of Amazon's manual, with and without a trailer.
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
const CREDENTIAL = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const common = {
  host: 's3.amazonaws.com',
  'x-amz-date': '20130524T000000Z',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '66560',
};

const example = (headers: Record<string, string>, payloadHash: string, signature: string) => {
  const all = { ...common, ...headers, 'x-amz-content-sha256': payloadHash };
  const authorization = `AWS4-HMAC-SHA256 Credential=${CREDENTIAL},SignedHeaders=${Object.keys(all).sort().join(';')},Signature=${signature}`;
  return verifySignature(
    { method: 'PUT', url: '/examplebucket/chunkObject.txt', headers: { ...all, authorization }, payloadHash },
    () => SECRET,
    Date.parse('2013-05-24T00:00:00Z'),
  );
};
const plain = () =>
  example(
    { 'content-length': '66824' },
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  );
const trailing = () =>
  example(
    { 'x-amz-trailer': 'x-amz-checksum-crc32c' },
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  );

const body = (signatures: readonly string[], end: string): Buffer =>
  Buffer.from(
    [
      `10000;chunk-signature=${signatures[0]}\r\n${'a'.repeat(65_536)}\r\n`,
      `400;chunk-signature=${signatures[1]}\r\n${'a'.repeat(1024)}\r\n`,
      `0;chunk-signature=${signatures[2]}\r\n${end}\r\n`,
    ].join(''),
  );
const plainBody = body(
  [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
  '',
);
const trailingBody = body(
  [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
  'x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n',
);

function decode(seed: ReturnType<typeof plain> | undefined, coded: Buffer, pieceBytes: number) {
  const decoder = createChunkedDecoder(seed);
  const data: Buffer[] = [];
  for (let at = 0; at < coded.length; at += pieceBytes) {
    decoder.push(coded.subarray(at, at + pieceBytes), (chunk) => data.push(chunk));
  }
  return { trailers: decoder.end(), bytes: Buffer.concat(data) };
}

describe('aws-chunked', () => {
  it.each([1, 7, 1000, 1_000_000])('reads the examples of the manual in pieces of %d bytes', (pieceBytes) => {
    const { bytes, trailers } = decode(plain(), plainBody, pieceBytes);
    expect(bytes.equals(Buffer.alloc(66_560, 'a'))).toBe(true);
    expect(trailers.size).toBe(0);
    const withTrailer = decode(trailing(), trailingBody, pieceBytes);
    expect(withTrailer.bytes.equals(bytes)).toBe(true);
    expect([...withTrailer.trailers]).toEqual([['x-amz-checksum-crc32c', 'sOO8/Q==']]);
  });

  it('reads unsigned chunks only where none are promised', () => {
    const unsigned = Buffer.from('3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n');
    expect(decode(undefined, unsigned, 2).bytes.toString()).toBe('abc');
    expect(() => decode(plain(), unsigned, 100)).toThrow('aws-chunked');
    expect(() => decode(undefined, plainBody, 100)).toThrow('aws-chunked');
  });

  it.each([
    ['a length that is none', 'zz\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than it says', '2\r\nabc\r\n0\r\n\r\n'],
    ['no end', '3\r\nabc\r\n'],
    ['a line without end', 'x'.repeat(5000)],
    ['a trailer without name', '0\r\nnonsense\r\n\r\n'],
  ])('refuses %s', (_case, coded) => {
    expect(() => decode(undefined, Buffer.from(coded), 100)).toThrow();
  });
});
