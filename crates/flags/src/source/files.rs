use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use chrono::Utc;
use seaworthy_config::{ConfigError, ConfigErrors, Origin, Profile};
use serde_json::Value;

use super::{
    document::Document,
    layers::{Layers, with_keys},
};
use crate::{
    config::FlagsConfig,
    definition::Strictness,
    problem::Problem,
    set::{Compiler, FlagSet},
    shorthand::{self, Form},
};

/// Maximum size of a file, enough for about 5,000 flags with rules and lists of users.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The name of flags without a file in errors.
const BUILT_IN: &str = "built-in flags";

/// The flag files of a service.
#[derive(Debug, Clone)]
pub(crate) struct FlagFiles {
    pub(crate) directory: PathBuf,
    /// Documents in the short form below all files, lowest layer first.
    built_in: Vec<&'static str>,
    /// The short form, lowest layer first.
    short: [PathBuf; 5],
    flagd: PathBuf,
    /// Whether the lowest file must exist.
    is_required: bool,
    compiler: Compiler,
}

/// The state of the files. A different state means a different content.
pub(crate) type Seen = Vec<Option<(PathBuf, u64, Option<SystemTime>)>>;

impl FlagFiles {
    pub(crate) fn new(config: &FlagsConfig, profile: Profile) -> Self {
        let (base, directory, name) = place(config);
        Self {
            short: [
                base,
                directory.join(format!("{name}-base.yaml")),
                directory.join(format!("{name}-oem.yaml")),
                directory.join(format!("{name}-external.yaml")),
                directory.join(format!("{name}.{profile}.yaml")),
            ],
            flagd: directory.join(format!("{name}.json")),
            directory,
            built_in: Vec::new(),
            is_required: config.file.is_some(),
            compiler: Compiler::new(config.bucketing),
        }
    }

    /// Adds documents below all files.
    pub(crate) fn with_built_in(mut self, documents: Vec<&'static str>) -> Self {
        self.built_in = documents;
        self
    }

    /// Reads and compiles the files. A missing file has no flags. Returns the documents and the
    /// set.
    ///
    /// # Errors
    /// All errors, with file, line and column.
    pub(crate) fn load(&self) -> Result<(Layers, FlagSet), ConfigErrors> {
        let mut errors = Vec::new();
        let mut merged = Value::Null;
        let mut documents = Vec::new();
        let mut built_in_keys = BTreeSet::new();
        if let [base, ..] = &self.short
            && self.is_required
            && !base.is_file()
        {
            let origin = Origin::Path { path: base.clone() };
            let problem = "the file does not exist: create it, or correct `file` of the flags";
            errors.push(ConfigError::new(origin, "", problem));
        }
        let built_in = Path::new(BUILT_IN);
        let embedded = self.built_in.iter().map(|text| (built_in, Some(*text)));
        let files = self.short.iter().map(|path| (path.as_path(), None));
        for (path, text) in embedded.chain(files) {
            let document = match text {
                Some(text) => parse(path, text, &mut errors),
                None => read(path, &mut errors),
            };
            if let Some(document) = document {
                let mut problems = Vec::new();
                let form = Form::read(&document.to_value(), &mut problems);
                let located = problems.into_iter();
                errors.extend(located.map(|problem| document.locate(path, problem)));
                documents.push(File {
                    path,
                    document,
                    prefix: form.prefix,
                });
                form.merge_into(&mut merged);
                if text.is_some() {
                    let flags = merged.as_object().into_iter();
                    built_in_keys.extend(flags.flat_map(|flags| flags.keys().cloned()));
                }
            }
        }
        let removals = shorthand::check_removals(&merged, Utc::now().date_naive());
        errors.extend(
            removals
                .into_iter()
                .map(|problem| locate(&documents, problem)),
        );
        let flagd = read(&self.flagd, &mut errors);
        let short = shorthand::compile(&merged);
        let mut flags = short.unwrap_or_else(|problems| {
            errors.extend(
                problems
                    .into_iter()
                    .map(|problem| locate(&documents, problem)),
            );
            serde_json::json!({"flags": {}})
        });
        if let Some(document) = &flagd {
            let value = document.to_value();
            match self.compiler.compile(value.clone(), Strictness::Strict) {
                Ok(_) => {
                    let added = with_keys(value);
                    merge_flagd(&mut flags, added, document, &self.flagd, &mut errors);
                }
                Err(problems) => {
                    let located = problems
                        .into_iter()
                        .map(|problem| document.locate(&self.flagd, problem));
                    errors.extend(located);
                }
            }
        }
        let compiled = self.compiler.compile(flags, Strictness::Strict);
        let set = compiled.map_err(|problems| {
            errors.extend(problems.into_iter().map(|mut problem| {
                // The compiled document has the flags of the files under `flags`.
                problem.path = problem.path.split_off(1.min(problem.path.len()));
                locate(&documents, problem)
            }));
        });
        ConfigErrors::check(errors)?;
        let layers = Layers {
            remote: None,
            flagd: flagd.map(|document| with_keys(document.to_value())),
            built_in_keys,
            short: merged,
        };
        Ok((layers, set.unwrap_or_else(|()| FlagSet::empty())))
    }

    /// Returns the current state of the files.
    pub(crate) fn seen(&self) -> Seen {
        let state = |path: &PathBuf| {
            let target = fs::canonicalize(path).ok()?;
            let state = fs::metadata(path).ok()?;
            Some((target, state.len(), state.modified().ok()))
        };
        self.short.iter().chain([&self.flagd]).map(state).collect()
    }
}

/// Returns the lowest file, its directory, and the name of the other files.
fn place(config: &FlagsConfig) -> (PathBuf, PathBuf, String) {
    let Some(file) = &config.file else {
        let base = config.directory.join(format!("{}.yaml", config.name));
        return (base, config.directory.clone(), config.name.clone());
    };
    let base = config.directory.join(file);
    let directory = base.parent().unwrap_or(&config.directory).to_owned();
    let name = base.file_stem().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    (base, directory, name)
}

/// Adds flags in flagd's format to those of the short form.
fn merge_flagd(
    flags: &mut Value,
    mut added: Value,
    document: &Document,
    path: &Path,
    errors: &mut Vec<ConfigError>,
) {
    let own = flags
        .get("flags")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    if let Some(added) = added.get_mut("flags").and_then(Value::as_object_mut) {
        for (key, flag) in own {
            if added.contains_key(&key) {
                let problem = Problem {
                    path: vec!["flags".to_owned(), key],
                    problem: "the YAML files define this flag too: define it once".to_owned(),
                };
                errors.push(document.locate(path, problem));
            } else {
                added.insert(key, flag);
            }
        }
    }
    *flags = added;
}

/// A file of the short form.
struct File<'a> {
    path: &'a Path,
    document: Document,
    /// The path to the flags.
    prefix: &'static [&'static str],
}

/// Finds the topmost file that has the value.
fn locate(files: &[File<'_>], problem: Problem) -> ConfigError {
    let within = |file: &File<'_>| {
        let prefix = file.prefix.iter().map(|name| (*name).to_owned());
        prefix.chain(problem.path.clone()).collect::<Vec<_>>()
    };
    let depth = |file: &File<'_>| {
        let (value, path) = (file.document.to_value(), within(file));
        let mut node = &value;
        let found = path
            .iter()
            .take_while(|name| match node.get(name.as_str()) {
                Some(child) => {
                    node = child;
                    true
                }
                None => false,
            });
        found.count().saturating_sub(file.prefix.len())
    };
    match files.iter().max_by_key(|file| depth(file)) {
        Some(file) => {
            let path = within(file);
            file.document.locate(file.path, Problem { path, ..problem })
        }
        None => ConfigError::new(Origin::Default, problem.path.join("/"), problem.problem),
    }
}

fn read(path: &Path, errors: &mut Vec<ConfigError>) -> Option<Document> {
    let fail = |problem: String| {
        let origin = Origin::Path {
            path: path.to_owned(),
        };
        Some(ConfigError::new(origin, "", problem))
    };
    let text = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Ok(state) if state.len() > MAX_BYTES => {
            errors.extend(fail(format!("the file has more than {MAX_BYTES} bytes")));
            return None;
        }
        _ => fs::read_to_string(path),
    };
    match text {
        Ok(text) => parse(path, &text, errors),
        Err(error) => {
            errors.extend(fail(format!("the file cannot be read: {error}")));
            None
        }
    }
}

fn parse(path: &Path, text: &str, errors: &mut Vec<ConfigError>) -> Option<Document> {
    match Document::parse(path, text) {
        Ok(document) => Some(document),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_flags_is_merged_with_other_files_flag_1() {
        let folder = tempfile::tempdir().unwrap();
        let list = r#"{"flags": [{"key": "listed", "state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"}]}"#;
        fs::write(folder.path().join("features.json"), list).unwrap();
        fs::write(folder.path().join("features.yaml"), "written: true\n").unwrap();
        let config = FlagsConfig {
            directory: folder.path().into(),
            ..FlagsConfig::default()
        };
        let files = FlagFiles::new(&config, Profile::Production);
        let files = files.with_built_in(vec!["built_in: true\n"]);
        let (layers, set) = files.load().unwrap();
        for key in ["listed", "written", "built_in"] {
            assert!(set.get(key).is_some(), "{key}");
            assert!(layers.entry(key).is_some(), "{key}");
        }
        fs::write(folder.path().join("features.yaml"), "listed: false\n").unwrap();
        let error = files.load().unwrap_err().to_string();
        assert!(error.contains("define it once"), "{error}");
    }
}
