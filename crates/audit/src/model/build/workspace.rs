//! Applications that share one `package.json`: projects of `nest-cli.json` and Nx, and folders such
//! as `apps/orders/` with an entry file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::unit::{Unit, name_of};
use crate::model::facts::{Import, Module, Server};
use crate::model::service::FileFacts;
use crate::repository::Role;

type Files = BTreeMap<Arc<str>, FileFacts>;

/// Folders of applications, by convention.
const PARENTS: &[&str] = &["apps", "services", "microservices"];
/// Entry files of an application, below its folder.
const ENTRIES: &[&str] = &[
    "src/main.ts",
    "src/main.js",
    "main.ts",
    "src/index.ts",
    "src/index.js",
    "src/server.ts",
    "src/server.js",
    "index.js",
    "server.js",
];
/// Code of an entry file that starts a program.
const START_CALLS: &[&str] = &["listen(", "NestFactory", "createServer(", ".consume("];
/// Suffixes that complete the path of an import to the path of a file.
const SUFFIXES: &[&str] = &[
    "",
    ".ts",
    ".js",
    ".tsx",
    ".mjs",
    "/index.ts",
    "/index.js",
    "/src/index.ts",
    "/src/index.js",
];
/// An alias of `paths` in a TypeScript configuration, with its first target.
static ALIAS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""([^"\n]+)"\s*:\s*\[\s*"([^"\n]+)""#).ok());

/// Returns one unit for each application of a module, and the files that belong to none of them.
/// Returns no unit if the module is one program.
pub(super) fn applications(
    module: &Module,
    own: &BTreeSet<Arc<str>>,
    files: &Files,
) -> (Vec<Unit>, BTreeSet<Arc<str>>) {
    let folders = folders(module, own, files);
    let below = |path: &str, folder: &str| {
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    if folders.len() < MIN_APPLICATIONS {
        return (Vec::new(), own.clone());
    }
    let aliases = aliases(module, own, files);
    let mut rest = own.clone();
    let manifest = joined(&module.folder, "package.json");
    let mut units = Vec::new();
    for folder in &folders {
        let start: Vec<Arc<str>> = own
            .iter()
            .filter(|path| below(path, folder))
            .cloned()
            .collect();
        let mut reached = reachable(start, own, files, &aliases);
        rest.retain(|path| !reached.contains(path));
        reached.extend(own.get(manifest.as_str()).cloned());
        units.push(Unit {
            name: name_of(folder, folder),
            folder: folder.clone(),
            module_folder: module.folder.clone(),
            language: module.language,
            files: reached,
        });
    }
    // Libraries that no application imports are not a program.
    let serves = rest.iter().filter_map(|path| files.get(path)).any(|found| {
        found.file.role == Role::Production && !found.facts.of::<Server>().items.is_empty()
    });
    if !serves {
        rest.retain(|path| {
            files
                .get(path)
                .is_some_and(|found| !found.file.language.is_code())
        });
    }
    (units, rest)
}

/// Whether `nest start` without a name starts the application.
pub(super) fn is_default(unit: &Unit, files: &Files) -> bool {
    let manifest = joined(&unit.module_folder, "nest-cli.json");
    files
        .get(manifest.as_str())
        .and_then(|found| serde_json::from_str::<serde_json::Value>(&found.file.text).ok())
        .and_then(|manifest| Some(manifest.get("root")?.as_str()?.trim_matches('/').to_owned()))
        .is_some_and(|root| joined(&unit.module_folder, &root) == unit.folder)
}

/// One application is the program of the module itself.
const MIN_APPLICATIONS: usize = 2;

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The folders of applications that the workspace declares, or that have an entry file.
fn folders(module: &Module, own: &BTreeSet<Arc<str>>, files: &Files) -> BTreeSet<String> {
    let text = |path: &str| files.get(path).map(|found| &*found.file.text);
    let entry = |folder: &str| {
        ENTRIES.iter().find_map(|name| {
            let path = format!("{folder}/{name}");
            own.contains(path.as_str()).then(|| text(&path)).flatten()
        })
    };
    let mut found = BTreeSet::new();
    for manifest in ["nest-cli.json", "workspace.json", "angular.json"] {
        let projects = text(&joined(&module.folder, manifest))
            .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
            .and_then(|manifest| manifest.get("projects")?.as_object().cloned());
        for project in projects.unwrap_or_default().values() {
            let field = |name: &str| project.get(name).and_then(serde_json::Value::as_str);
            let application = field("type").or_else(|| field("projectType")) == Some("application");
            if let Some(root) = field("root").filter(|_| application) {
                let folder = joined(&module.folder, root.trim_matches('/'));
                if entry(&folder).is_some() {
                    found.insert(folder);
                }
            }
        }
    }
    for path in own {
        let Some((folder, name)) = path.rsplit_once('/') else {
            continue;
        };
        // A project of Nx.
        if name == "project.json"
            && text(path).is_some_and(|text| text.contains("\"application\""))
            && entry(folder).is_some()
        {
            found.insert(folder.to_owned());
        }
        let inside = path
            .strip_prefix(module.folder.as_str())
            .unwrap_or(path)
            .trim_start_matches('/');
        let mut parts = inside.split('/');
        if let (Some(parent), Some(name), Some(_)) = (parts.next(), parts.next(), parts.next())
            && PARENTS.contains(&parent)
        {
            let folder = joined(&module.folder, &format!("{parent}/{name}"));
            if !found.contains(&folder)
                && entry(&folder)
                    .is_some_and(|text| START_CALLS.iter().any(|word| text.contains(word)))
            {
                found.insert(folder);
            }
        }
    }
    found
}

/// The aliases of `paths` in the TypeScript configurations of the module, without `*`.
fn aliases(module: &Module, own: &BTreeSet<Arc<str>>, files: &Files) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in own {
        let name = path.rsplit('/').next().unwrap_or(path);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != module.folder || !(name.starts_with("tsconfig") && name.ends_with(".json")) {
            continue;
        }
        found.extend(aliases_in(&module.folder, path, files));
    }
    // The alias with the most characters applies.
    found.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    found
}

/// The aliases that one configuration in a folder declares.
fn aliases_in(folder: &str, path: &str, files: &Files) -> Vec<(String, String)> {
    let text = files.get(path).map_or("", |found| &*found.file.text);
    ALIAS
        .iter()
        .flat_map(|regex| regex.captures_iter(text))
        .filter_map(|alias| {
            let target = alias.get(2)?.as_str().trim_start_matches("./");
            Some((
                alias.get(1)?.as_str().trim_end_matches('*').to_owned(),
                joined(folder, target.trim_end_matches('*')),
            ))
        })
        .collect()
}

/// The files that an application imports, directly or not. A barrel (`index.ts`) includes all files
/// of its folder.
fn reachable(
    start: Vec<Arc<str>>,
    own: &BTreeSet<Arc<str>>,
    files: &Files,
    aliases: &[(String, String)],
) -> BTreeSet<Arc<str>> {
    let mut reached = BTreeSet::new();
    let mut waiting = start;
    while let Some(path) = waiting.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if path.ends_with("/index.ts") || path.ends_with("/index.js") {
            let inside = format!("{folder}/");
            waiting.extend(
                own.range::<str, _>((Bound::Included(inside.as_str()), Bound::Unbounded))
                    .take_while(|path| path.starts_with(&inside))
                    .cloned(),
            );
        }
        let Some(found) = files
            .get(&path)
            .filter(|found| found.file.role != Role::Test)
        else {
            continue;
        };
        for import in &found.facts.of::<Import>().items {
            let find = |target: String| {
                SUFFIXES
                    .iter()
                    .find_map(|end| own.get(format!("{target}{end}").as_str()))
            };
            let file = if import.path.starts_with('.') {
                find(relative(folder, &import.path))
            } else {
                aliases.iter().find_map(|(name, target)| {
                    let rest = import.path.strip_prefix(name.as_str())?;
                    let whole = rest.is_empty() || name.ends_with('/');
                    whole.then(|| find(format!("{target}{rest}")))?
                })
            };
            waiting.extend(file.cloned());
        }
    }
    reached
}

/// Settings of TypeScript that may declare aliases.
const CONFIGURATIONS: &[&str] = &["tsconfig.json", "tsconfig.base.json", "jsconfig.json"];

/// The files of libraries of the repository that a program imports: by an alias of a configuration
/// in a folder above, by the name of a package, or by a path.
pub(super) fn shared(
    unit: &Unit,
    modules: &BTreeMap<String, Module>,
    libraries: &BTreeMap<String, BTreeSet<Arc<str>>>,
    files: &Files,
) -> BTreeSet<Arc<str>> {
    let own: BTreeSet<Arc<str>> = libraries
        .iter()
        .filter(|(folder, _)| **folder != unit.module_folder)
        .flat_map(|(_, files)| files.iter().cloned())
        .collect();
    if own.is_empty() {
        return own;
    }
    let mut aliases = Vec::new();
    let mut folder = unit.folder.as_str();
    loop {
        for name in CONFIGURATIONS {
            aliases.extend(aliases_in(folder, &joined(folder, name), files));
        }
        if folder.is_empty() {
            break;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    let packages = libraries.keys().filter_map(|folder| modules.get(folder));
    for module in packages.filter(|module| module.name.contains('/')) {
        aliases.push((module.name.clone(), module.folder.clone()));
        aliases.push((format!("{}/", module.name), joined(&module.folder, "src/")));
        aliases.push((format!("{}/", module.name), joined(&module.folder, "")));
    }
    aliases.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let start = unit.files.iter().cloned().collect();
    let mut reached = reachable(start, &own, files, &aliases);
    reached.retain(|path| own.contains(path));
    reached
}

/// `a/b` and `../c` is `a/c`.
fn relative(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
