// Uploads files with tus-js-client. Arguments: the URL, the number of files. NODE_MODULES is the
// folder of modules.

import { createRequire } from "node:module";
import { join } from "node:path";

const tus = createRequire(join(process.env.NODE_MODULES, "/"))("tus-js-client");
const [endpoint, count] = process.argv.slice(2);

// The same content as `content` of the test.
const content = (number) =>
  Buffer.from(Uint8Array.from({ length: 200_000 + number * 17_001 }, (_, index) => (index * 31 + (index >> 8) + number * 7) & 0xff));

for (let number = 0; number < Number(count); number += 1) {
  await new Promise((onSuccess, onError) => {
    const metadata = { filename: `file-${number}` };
    const retryDelays = [0, 50, 100, 200, 400, 800];
    new tus.Upload(content(number), { endpoint, metadata, retryDelays, onSuccess, onError }).start();
  });
}
