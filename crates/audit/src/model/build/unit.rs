//! Units of source: the sources of one program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::workspace;
use crate::model::facts::{Entrypoint, Image, Import, Module, Server};
use crate::model::service::FileFacts;
use crate::repository::Role;
use crate::source::Language;

/// The sources of one program.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) folder: String,
    pub(super) module_folder: String,
    pub(super) language: Language,
    pub(super) files: BTreeSet<Arc<str>>,
}

/// Folder names that describe no particular program.
pub(super) const GENERIC: &[&str] = &["", "cmd", "main", "src", "app", "server", "service"];

pub(super) fn units(files: &BTreeMap<Arc<str>, FileFacts>) -> Vec<Unit> {
    let all = files;
    let mut modules = modules(files);
    for module in without_manifest(files, &modules) {
        modules.entry(module.folder.clone()).or_insert(module);
    }
    let owner = |path: &str| owner_of(path, &modules);
    let mut by_module: BTreeMap<&str, BTreeSet<Arc<str>>> = BTreeMap::new();
    for path in files.keys() {
        if let Some(module) = owner(path) {
            by_module
                .entry(module.folder.as_str())
                .or_default()
                .insert(path.clone());
        }
    }
    let libraries: BTreeMap<String, BTreeSet<Arc<str>>> = modules
        .values()
        .filter(|module| module.language == Language::JavaScript && !is_page(module))
        .filter_map(|module| {
            let own = by_module.get(module.folder.as_str())?;
            let serves = own.iter().filter_map(|path| files.get(path)).any(|found| {
                found.file.role == Role::Production && !found.facts.of::<Server>().items.is_empty()
            });
            let code = || {
                own.iter().filter(|path| {
                    files
                        .get(*path)
                        .is_some_and(|own| own.file.language.is_code())
                })
            };
            (!serves).then(|| (module.folder.clone(), code().cloned().collect()))
        })
        .collect();
    let mut units = Vec::new();
    for module in modules.values() {
        let own = by_module.remove(module.folder.as_str()).unwrap_or_default();
        if module.language == Language::Go {
            units.extend(go_units(module, &own, files));
        } else if !is_page(module) {
            let folder = module.folder.clone();
            let files: BTreeSet<Arc<str>> = own
                .into_iter()
                .filter(|path| {
                    all.get(path)
                        .is_none_or(|found| is_part_of(module.language, found.file.language))
                })
                .collect();
            let (applications, files) = if module.language == Language::JavaScript {
                workspace::applications(module, &files, all)
            } else {
                (Vec::new(), files)
            };
            units.extend(applications);
            units.push(Unit {
                name: name_of(&folder, &module.name),
                module_folder: folder.clone(),
                folder,
                language: module.language,
                files,
            });
        }
    }
    for unit in units
        .iter_mut()
        .filter(|unit| unit.language == Language::JavaScript)
    {
        let shared = workspace::shared(unit, &modules, &libraries, files);
        unit.files.extend(shared);
    }
    units
}

/// The modules by their folders.
fn modules(files: &BTreeMap<Arc<str>, FileFacts>) -> BTreeMap<String, Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for found in files
        .values()
        .filter(|found| matches!(found.file.role, Role::Production | Role::Script))
    {
        for module in &found.facts.of::<Module>().items {
            // A page may lie in the folder of the service that serves it.
            let kept = modules.get(&module.folder).filter(|kept| !is_page(kept));
            if kept.is_none() {
                modules.insert(module.folder.clone(), module.value.clone());
            }
        }
    }
    modules
}

/// The scripts of modules whose code runs in a browser.
pub(super) fn pages(files: &BTreeMap<Arc<str>, FileFacts>) -> BTreeSet<Arc<str>> {
    let modules = modules(files);
    files
        .iter()
        .filter(|(path, found)| {
            is_part_of(Language::JavaScript, found.file.language)
                && found.file.language.is_code()
                && owner_of(path, &modules).is_some_and(is_page)
        })
        .map(|(path, _)| path.clone())
        .collect()
}

/// Libraries of programs that run in a browser, and of those that serve.
const IN_BROWSER: &[&str] = &[
    "react",
    "react-dom",
    "vue",
    "@angular/core",
    "svelte",
    "preact",
    "solid-js",
    "ember-source",
    "react-native",
    "expo",
];
const SERVING: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "@nestjs/core",
    "@hapi/hapi",
    "next",
    "nuxt",
    "hono",
    "restify",
    "@sveltejs/kit",
    "@remix-run/node",
    "@trpc/server",
    "socket.io",
    "ws",
    "amqplib",
    "kafkajs",
    "bullmq",
    "@grpc/grpc-js",
];

/// Whether a module is a page and not a service: all of its code runs in a browser.
fn is_page(module: &Module) -> bool {
    let any =
        |list: &[String], names: &[&str]| list.iter().any(|name| names.contains(&name.as_str()));
    // A bundle contains all of its code, so a page may need no package when it runs.
    let shows =
        any(&module.dependencies, IN_BROWSER) || any(&module.development_dependencies, IN_BROWSER);
    shows && !any(&module.dependencies, SERVING)
}

/// Whether a file is code of the program. The page of a Python service is not, its settings are.
pub(super) fn is_part_of(program: Language, file: Language) -> bool {
    let family = |language: Language| match language {
        Language::TypeScript | Language::Tsx | Language::JavaScript => Language::JavaScript,
        Language::Java | Language::Kotlin => Language::Java,
        other => other,
    };
    !file.is_code() || family(program) == family(file)
}

/// Programs without a manifest that the auditor reads: a Go `main`, and code in the folder of a
/// Dockerfile.
fn without_manifest(
    files: &BTreeMap<Arc<str>, FileFacts>,
    modules: &BTreeMap<String, Module>,
) -> Vec<Module> {
    let free = |folder: &str| owner_of(&format!("{folder}/x"), modules).is_none();
    let module = |folder: &str, language| Module {
        name: folder.rsplit('/').next().unwrap_or_default().to_owned(),
        folder: folder.to_owned(),
        language,
        dependencies: Vec::new(),
        development_dependencies: Vec::new(),
    };
    let mut found: BTreeMap<String, Module> = BTreeMap::new();
    for own in files
        .values()
        .filter(|own| own.file.role == Role::Production)
    {
        for start in &own.facts.of::<Entrypoint>().items {
            let folder = start.folder.trim_end_matches('/');
            if free(folder) {
                found
                    .entry(folder.to_owned())
                    .or_insert_with(|| module(folder, Language::Go));
            }
        }
    }
    for own in files.values() {
        if own.file.role != Role::Production || own.facts.of::<Image>().items.is_empty() {
            continue;
        }
        let folder = own.file.folder();
        if folder.is_empty() || !free(folder) || found.contains_key(folder) {
            continue;
        }
        let language = files
            .values()
            .filter(|other| other.file.role == Role::Production && other.file.folder() == folder)
            .map(|other| other.file.language)
            .find(|language| matches!(language, Language::Python | Language::JavaScript));
        if let Some(language) = language {
            found.insert(folder.to_owned(), module(folder, language));
        }
    }
    found.into_values().collect()
}

fn owner_of<'m>(path: &str, modules: &'m BTreeMap<String, Module>) -> Option<&'m Module> {
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    loop {
        if let Some(module) = modules.get(folder) {
            return Some(module);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

pub(super) fn name_of(folder: &str, module: &str) -> String {
    // `example.org/shop/v3` is shop.
    let version = |part: &&str| {
        part.strip_prefix('v').is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_digit())
        })
    };
    let last = folder.rsplit('/').find(|part| !GENERIC.contains(part));
    last.unwrap_or_else(|| {
        module
            .rsplit('/')
            .find(|part| !version(part))
            .unwrap_or(module)
    })
    .to_owned()
}

/// The imports of generated code, which is not parsed: the server that a tool writes calls the code
/// that people write.
fn generated_imports<'f>(found: &'f FileFacts, module: &'f str) -> impl Iterator<Item = &'f str> {
    let generated = found.file.role == Role::Generated && !module.is_empty();
    let lines = if generated { &*found.file.text } else { "" };
    lines
        .lines()
        .take(MAX_HEAD_LINES)
        .filter_map(|line| line.trim_end().strip_suffix('"')?.rsplit_once('"'))
        .map(|(_, path)| path)
        .filter(move |path| path.starts_with(module))
}

/// Number of lines at the top of a file that may contain imports.
const MAX_HEAD_LINES: usize = 80;

/// The usual settings directories of Go programs.
const SETTINGS_FOLDERS: &[&str] = &["etc", "config", "configs", "conf"];

/// One unit for each `main`, with the packages that it imports, directly or not. In Go a package is
/// a folder.
fn go_units(
    module: &Module,
    own: &BTreeSet<Arc<str>>,
    files: &BTreeMap<Arc<str>, FileFacts>,
) -> Vec<Unit> {
    let mut packages: BTreeMap<&str, Vec<&FileFacts>> = BTreeMap::new();
    for path in own {
        if let Some(found) = files.get(path) {
            packages.entry(found.file.folder()).or_default().push(found);
        }
    }
    let mut units = Vec::new();
    let starts: Vec<String> = own
        .iter()
        .filter_map(|path| files.get(path))
        .filter(|found| found.file.role == Role::Production)
        .flat_map(|found| {
            let starts = found.facts.of::<Entrypoint>();
            starts
                .items
                .iter()
                .map(|entrypoint| entrypoint.folder.clone())
                .collect::<Vec<_>>()
        })
        .collect();
    for folder in &starts {
        let mut files = reachable(folder, module, &packages);
        for settings in settings_folders(folder, module, &starts) {
            let own = packages.get(settings.as_str()).into_iter().flatten();
            files.extend(own.map(|found| found.file.path.clone()));
        }
        units.push(Unit {
            name: name_of(folder, &module.name),
            module_folder: module.folder.clone(),
            folder: folder.clone(),
            language: Language::Go,
            files,
        });
    }
    units
}

/// Folders with settings of one program: the folder of its `main`, or a folder above it that
/// contains no other program.
fn settings_folders(start: &str, module: &Module, starts: &[String]) -> Vec<String> {
    let below = |folder: &str, start: &String| {
        folder.is_empty() || start == folder || start.starts_with(&format!("{folder}/"))
    };
    let mut folders = Vec::new();
    let mut folder = start;
    while starts.iter().filter(|start| below(folder, start)).count() == 1 {
        folders.extend(SETTINGS_FOLDERS.iter().map(|name| {
            if folder.is_empty() {
                (*name).to_owned()
            } else {
                format!("{folder}/{name}")
            }
        }));
        if folder == module.folder || folder.is_empty() {
            break;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    folders
}

fn reachable(
    start: &str,
    module: &Module,
    packages: &BTreeMap<&str, Vec<&FileFacts>>,
) -> BTreeSet<Arc<str>> {
    let mut files = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start.to_owned()];
    while let Some(folder) = waiting.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        for found in packages.get(folder.as_str()).into_iter().flatten() {
            files.insert(found.file.path.clone());
            let imports = found.facts.of::<Import>();
            let named = imports
                .items
                .iter()
                .map(|import| import.path.as_str())
                .chain(generated_imports(found, &module.name));
            for path in named {
                let inside = path
                    .strip_prefix(module.name.as_str())
                    .filter(|rest| rest.is_empty() || rest.starts_with('/'));
                if let Some(inside) = inside {
                    let inside = inside.trim_start_matches('/');
                    waiting.push(
                        [module.folder.as_str(), inside]
                            .into_iter()
                            .filter(|part| !part.is_empty())
                            .collect::<Vec<_>>()
                            .join("/"),
                    );
                }
            }
        }
    }
    files
}
