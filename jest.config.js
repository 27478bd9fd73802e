// Jest runs the TypeScript sources as ES modules; swc only strips the types.
export default {
  testEnvironment: 'node',
  // Jest's 5 s are little on a small machine that has other work, too.
  testTimeout: 30_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.cache', '<rootDir>/.safebase', '<rootDir>/cdk.out'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
};
