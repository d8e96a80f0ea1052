/** JSON lines, in and out. */
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The next line's value. */
export async function hear() {
  return JSON.parse((await lines.next()).value);
}

export function say(value) {
  console.log(JSON.stringify(value));
}

/** Say the last thing, and end without waiting for connections that are kept. */
export function finish(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`, () => process.exit(0));
}
