// Evaluates flags with flagd's in-process evaluator for Node.js. Prints nanoseconds by flag, the
// fastest of the rounds. Arguments: flags, rounds.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { FlagdCore } = createRequire(process.env.NODE_MODULES + '/')('@openfeature/flagd-core');
const [flags, rounds] = process.argv.slice(2);
const silent = { error() {}, warn() {}, info() {}, debug() {} };
const core = new FlagdCore(undefined, silent);
core.setConfigurations(readFileSync(flags, 'utf8'));
const context = { targetingKey: 'user-4711', plan: 'team' };
const batch = 10_000;
for (const key of ['static', 'split', 'rule']) {
  let best = Infinity;
  for (let round = 0; round < Number(rounds); round += 1) {
    const begun = process.hrtime.bigint();
    for (let at = 0; at < batch; at += 1) core.resolveBooleanEvaluation(key, false, context, silent);
    best = Math.min(best, Number(process.hrtime.bigint() - begun) / batch);
  }
  console.log(`${key} ${best}`);
}
