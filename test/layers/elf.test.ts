import { readFileSync } from 'node:fs';
import { readElf } from '../../layers/elf.ts';

describe('readElf', () => {
  it('reads the processor and the needed libraries of a real program', () => {
    const elf = readElf(readFileSync(process.execPath));
    expect(elf?.architecture).toBe(process.arch === 'arm64' ? 'arm64' : 'x86_64');
    expect(elf?.needed).toContain('libc.so.6');
    expect(elf?.needed.every((name) => /^[\w.+-]+\.so(\.\d+)*$/.test(name))).toBe(true);
  });

  it.each([
    ['a text', Buffer.from('#!/bin/sh\nexec true\n')],
    ['an empty file', Buffer.alloc(0)],
    ['a 32-bit program', Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1]), Buffer.alloc(100)])],
    ['another processor', Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]), Buffer.alloc(100)])],
  ])('knows that %s is none', (_, file) => {
    expect(readElf(file)).toBeUndefined();
  });
});
