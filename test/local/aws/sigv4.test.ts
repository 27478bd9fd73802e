import { readCredentialScope, type SignedRequest, verifySignature } from '../../../local/aws/sigv4.ts';

// The worked examples of Amazon's manual.
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html
const KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const NOW = Date.parse('2013-05-24T00:00:00Z');
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const credentialsOf = (id: string) => (id === KEY ? SECRET : undefined);

const getObject: SignedRequest = {
  method: 'GET',
  url: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=${KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
  },
  payloadHash: EMPTY,
};

const presigned: SignedRequest = {
  method: 'GET',
  url: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
  headers: { host: 'examplebucket.s3.amazonaws.com' },
  payloadHash: 'UNSIGNED-PAYLOAD',
};

const verdict = (request: SignedRequest, now = NOW): string => {
  try {
    return verifySignature(request, credentialsOf, now).accessKeyId;
  } catch (error) {
    return error instanceof Error ? error.name : 'not an error';
  }
};
const withHeaders = (headers: SignedRequest['headers']): SignedRequest => ({
  ...getObject,
  headers: { ...getObject.headers, ...headers },
});
const authorization = getObject.headers.authorization ?? '';

describe('verifySignature', () => {
  it('accepts the examples of the manual and names the signer', () => {
    expect(verifySignature(getObject, credentialsOf, NOW)).toMatchObject({
      accessKeyId: KEY,
      service: 's3',
      region: 'us-east-1',
    });
    expect(verdict(presigned)).toBe(KEY);
  });

  it.each<[string, SignedRequest, number, string]>([
    ['another method', { ...getObject, method: 'PUT' }, NOW, 'SignatureDoesNotMatch'],
    ['another path', { ...getObject, url: '/test.txu' }, NOW, 'SignatureDoesNotMatch'],
    ['an added query', { ...getObject, url: '/test.txt?acl' }, NOW, 'SignatureDoesNotMatch'],
    ['another body', { ...getObject, payloadHash: EMPTY.replace('e', 'f') }, NOW, 'SignatureDoesNotMatch'],
    ['a changed signed header', withHeaders({ range: 'bytes=0-99' }), NOW, 'SignatureDoesNotMatch'],
    ['an added x-amz header', withHeaders({ 'x-amz-tagging': 'a=b' }), NOW, 'AccessDenied'],
    [
      'an unknown key',
      withHeaders({ authorization: authorization.replace(KEY, 'AKIAOTHER') }),
      NOW,
      'InvalidAccessKeyId',
    ],
    ['no signature', { ...getObject, headers: { host: 'x' } }, NOW, 'AccessDenied'],
    [
      'half a header',
      withHeaders({ authorization: 'AWS4-HMAC-SHA256 x' }),
      NOW,
      'AuthorizationHeaderMalformed',
    ],
    ['another algorithm', withHeaders({ authorization: 'AWS4-ECDSA-P256-SHA256 x' }), NOW, 'InvalidRequest'],
    ['a clock 16 minutes late', getObject, NOW + 16 * 60_000, 'RequestTimeTooSkewed'],
    ['a clock 16 minutes early', getObject, NOW - 16 * 60_000, 'RequestTimeTooSkewed'],
    ['an expired address', presigned, NOW + 86_401_000, 'AccessDenied'],
    ['an address of tomorrow', presigned, NOW - 86_400_000, 'AccessDenied'],
    [
      'a lengthened address',
      { ...presigned, url: presigned.url.replace('86400', '86401') },
      NOW,
      'SignatureDoesNotMatch',
    ],
    [
      'a life of 8 days',
      { ...presigned, url: presigned.url.replace('86400', '691200') },
      NOW,
      'AuthorizationQueryParametersError',
    ],
    ['a signature in both places', { ...presigned, headers: getObject.headers }, NOW, 'InvalidArgument'],
  ])('refuses %s', (_case, request, now, code) => {
    expect(verdict(request, now)).toBe(code);
  });

  it('accepts a clock 14 minutes off', () => {
    expect(verdict(getObject, NOW + 14 * 60_000)).toBe(KEY);
  });
});

describe('readCredentialScope', () => {
  it('reads header and query, and says when there is neither', () => {
    expect(readCredentialScope(getObject.headers, '/')).toEqual({
      accessKeyId: KEY,
      service: 's3',
      region: 'us-east-1',
    });
    expect(readCredentialScope({}, presigned.url)).toEqual({
      accessKeyId: KEY,
      service: 's3',
      region: 'us-east-1',
    });
    expect(readCredentialScope({}, '/')).toBeUndefined();
  });
});
