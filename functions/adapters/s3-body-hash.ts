/**
 * A middleware for the step `build` of a request whose body's SHA-256 is known: the signature covers the body by it, and
 * the signer takes this header and hashes nothing.
 * @param sha256 hex
 */
export const knownBodyHash =
  (sha256: string) =>
  <Call extends { readonly request: unknown }, Answer>(next: (call: Call) => Promise<Answer>) =>
  (call: Call): Promise<Answer> => {
    if (hasHeaders(call.request)) call.request.headers['x-amz-content-sha256'] = sha256;
    return next(call);
  };

const hasHeaders = (request: unknown): request is { headers: Record<string, string> } =>
  typeof request === 'object' && request !== null && 'headers' in request;
