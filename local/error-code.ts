/** The code of an error of Node or SQLite, such as `ENOENT` or `ERR_SQLITE_ERROR`. */
export const errorCode = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
