import { followMovement } from '../../../functions/core/out-of-time.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

const DEADLINE = new SafeBaseError('deadline_exceeded', 'the time of the backup worker ran out');

function scene() {
  const clock = stoppedClock();
  const { note, explain } = followMovement(clock.now);
  return { clock, note, told: () => explain(DEADLINE) };
}

describe('a run whose time is over', () => {
  it('says that it had too much to do where it went on to the end', () => {
    const { clock, note, told } = scene();
    note({ phase: 'dump', bytesDone: 1 });
    clock.pass(60_000);
    note({ phase: 'dump', bytesDone: 2 });
    clock.pass(9_999);
    expect(told()).toMatchObject({
      code: 'deadline_exceeded',
      message: 'the time of the backup worker ran out (dump, 2 bytes done)',
      hint: DEADLINE.hint,
    });
  });

  it('says for how long it stood still, and to look at the server', () => {
    const { clock, note, told } = scene();
    note({ phase: 'load', bytesDone: 700 });
    clock.pass(60_000);
    // The same again is no movement.
    note({ phase: 'load', bytesDone: 700 });
    clock.pass(30_500);
    expect(told()).toMatchObject({
      code: 'deadline_exceeded',
      message: 'the time of the backup worker ran out, and nothing had moved for 90 s (load, 700 bytes done)',
      hint: expect.stringContaining('SHOW PROCESSLIST'),
    });
    note({ phase: 'compare' });
    expect(told().message).toBe('the time of the backup worker ran out (compare)');
  });

  it('says nothing more before anything was told', () => {
    expect(scene().told()).toBe(DEADLINE);
  });
});
