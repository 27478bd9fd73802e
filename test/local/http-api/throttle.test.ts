import { createThrottle } from '../../../local/http-api/throttle.ts';

it('lets a burst pass, then as many as the rate allows', () => {
  let now = 0;
  const mayPass = createThrottle({ rate: 10, burst: 3 }, () => now);
  const passed = (requests: number) => Array.from({ length: requests }, mayPass).filter(Boolean).length;
  expect(passed(5)).toBe(3);
  now += 100;
  expect(passed(5)).toBe(1);
  now += 60_000;
  expect(passed(5)).toBe(3);
});
