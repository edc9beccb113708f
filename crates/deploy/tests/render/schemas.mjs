// Checks the rendered files of a folder. Arguments: the folder of modules, and the folder of files.
//
// Dashboards are compiled against the types of Grafana. ServiceMonitors and PrometheusRules are
// validated against the schemas of the Prometheus operator. Each problem is a line, and the status is
// 1.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(modules, "schemas.js"));
const problems = [];

const ts = require("typescript");
const types = join(modules, "@grafana/schema/dist/types/raw/dashboard/x/types.gen");
const sources = readdirSync(join(folder, "grafana")).map((name) => {
    const text = readFileSync(join(folder, "grafana", name), "utf8").trim();
    const path = join(folder, "grafana", `${name}.ts`);
    writeFileSync(
        path,
        `import type { Dashboard } from ${JSON.stringify(types)};\nexport const it = ${text} satisfies Dashboard;\n`,
    );
    return path;
});
const program = ts.createProgram(sources, {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
});
for (const found of ts.getPreEmitDiagnostics(program)) {
    const text = ts.flattenDiagnosticMessageText(found.messageText, " ");
    problems.push(`${found.file?.fileName}: ${text}`);
}

const { parseAllDocuments } = require("yaml");
const operator = join(modules, "@kubernetes-models/prometheus-operator/_schemas");
const prefix = "ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1";
const found = { ServiceMonitor: 0, PrometheusRule: 0 };
const schemas = {};
for (const kind of Object.keys(found)) {
    const schema = pathToFileURL(join(operator, `${prefix}${kind}.js`));
    schemas[kind] = (await import(schema)).validate;
}
for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.startsWith("kubernetes") || !name.endsWith(".yaml")) continue;
    for (const document of parseAllDocuments(readFileSync(join(folder, name), "utf8"))) {
        const object = document.toJS();
        const validate = schemas[object?.kind];
        if (!validate) continue;
        found[object.kind] += 1;
        if (!validate(object)) problems.push(`${name}: ${JSON.stringify(validate.errors)}`);
    }
}
if (sources.length === 0) problems.push("there is no dashboard");
for (const [kind, count] of Object.entries(found)) {
    if (count === 0) problems.push(`there is no ${kind}`);
}

console.log(problems.join("\n"));
process.exit(problems.length === 0 ? 0 : 1);
