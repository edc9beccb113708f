//! A unit of source: `go.mod`, `package.json`, `pyproject.toml`, `pom.xml`, `Cargo.toml`.

use crate::model::Fact;
use crate::source::Language;

/// A source root.
#[derive(Debug, Clone)]
pub struct Module {
    /// The name in the manifest, or the name of the folder if the manifest has none.
    pub name: String,
    /// Folder, relative to the root.
    pub folder: String,
    /// Language of the module.
    pub language: Language,
    /// Names of direct dependencies, where the manifest lists them.
    pub dependencies: Vec<String>,
    /// Names of the dependencies that are not installed in production. Only `package.json` has
    /// them.
    pub development_dependencies: Vec<String>,
}

impl Fact for Module {
    const KIND: &'static str = "modules";
}
