import { ulid } from 'ulid';
import type { AuditLog, ObjectStore } from '../core/ports.ts';

/** Entries as objects under `audit/`, by day; the bucket refuses to overwrite one. */
export const s3AuditLog = (objects: Pick<ObjectStore, 'writeOnce'>): AuditLog => ({
  async record(entry) {
    const day = entry.at.slice(0, 10).replaceAll('-', '/');
    const body = Buffer.from(`${JSON.stringify(entry)}\n`);
    await objects.writeOnce(`audit/${day}/${ulid(Date.parse(entry.at))}.json`, body, 'application/json');
  },
});
