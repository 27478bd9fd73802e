/** What `npx cdk` runs. */
import { runAsProgram } from '../layers/run-as-program.ts';
import { buildApp } from './build-app.ts';

await runAsProgram(import.meta, async () => {
  buildApp().synth();
});
