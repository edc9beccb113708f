// Evaluates flags with @openfeature/flagd-core (fractional version 2). Arguments: flags, cases.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { FlagdCore } = createRequire(process.env.NODE_MODULES + '/')('@openfeature/flagd-core');
const [flags, cases] = process.argv.slice(2);
const silent = { error() {}, warn() {}, info() {}, debug() {} };
const core = new FlagdCore(undefined, silent);
core.setConfigurations(readFileSync(flags, 'utf8'));
const answers = [];
for (const line of readFileSync(cases, 'utf8').split('\n')) {
  if (line === '') continue;
  const { flag, context } = JSON.parse(line);
  try {
    const answer = core.resolveStringEvaluation(flag, 'code', context, silent);
    answers.push(JSON.stringify([answer.value, answer.reason]));
  } catch {
    answers.push(JSON.stringify(['code', 'ERROR']));
  }
}
process.stdout.write(answers.join('\n') + '\n');
