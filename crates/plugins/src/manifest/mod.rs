//! The file `plugin.toml` of a plugin.

mod capability;
mod key;
mod signature;
mod world;

use std::collections::BTreeMap;

pub use capability::Capability;
pub use key::SigningKey;
use seaworthy_core::{ByteSize, Timeout};
use semver::Version;
use serde::{Deserialize, Serialize};
pub use signature::Signature;
pub(crate) use signature::public_key;
pub use world::World;

use crate::{EventType, FailureMode, HookPoint, PluginError, PluginErrorCode, folder::MANIFEST};

/// The maximum length of a name, which becomes a label of metrics and a part of paths.
const MAX_NAME: usize = 64;
/// The maximum number of hooks and of handlers of a plugin.
const MAX_DECLARATIONS: usize = 64;

/// The versions of the interface that this host serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Interface {
    /// The first version.
    #[serde(rename = "0.1.0")]
    V0_1,
    /// Hooks also read the tenant and the remaining time of a request.
    #[serde(rename = "0.2.0")]
    V0_2,
}

impl Interface {
    /// All versions, the newest last.
    pub const ALL: [Self; 2] = [Self::V0_1, Self::V0_2];

    /// Returns the version as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
        }
    }
}

/// A hook of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookDeclaration {
    /// The name, unique among the hooks of the plugin.
    pub name: String,
    /// Where the service calls it.
    pub point: HookPoint,
    /// Hooks with small priorities run first. The default is in the settings of the plugin.
    pub priority: Option<i32>,
    /// The timeout of one call. The default depends on the point.
    pub timeout: Option<Timeout>,
    /// Whether a rejection becomes the response.
    #[serde(default)]
    pub veto: bool,
}

/// A handler of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlerDeclaration {
    /// The name, unique among the handlers of the plugin.
    pub name: String,
    /// The types of events.
    pub types: Vec<EventType>,
    /// The timeout of one delivery. The default is in the settings of the plugin.
    pub timeout: Option<Timeout>,
}

/// The manifest of a plugin, the file `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name: 1 to 64 lower-case letters, digits, `_` and `-`. The folder has the same name.
    pub name: String,
    /// The version of the plugin, such as `1.0.0`.
    #[serde(with = "version")]
    pub version: Version,
    /// The version of the interface that the component was built for.
    pub api: Interface,
    /// The exports of the component. A component with other exports cannot be loaded.
    #[serde(default)]
    pub world: Option<World>,
    /// The SHA-256 of `plugin.wasm` in lower-case hex.
    pub sha256: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
    /// The licence.
    #[serde(default)]
    pub license: String,
    /// The address of its page.
    #[serde(default)]
    pub homepage: String,
    /// The plugins that must be loaded first.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Further texts.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// The capabilities that the plugin requests. The operator grants them by name.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// Less memory than the settings of the service permit.
    #[serde(default)]
    pub max_memory: Option<ByteSize>,
    /// What the service does if the plugin fails. The operator can change it.
    #[serde(default)]
    pub on_failure: Option<FailureMode>,
    /// The hooks.
    #[serde(default)]
    pub hooks: Vec<HookDeclaration>,
    /// The handlers of events.
    #[serde(default)]
    pub handlers: Vec<HandlerDeclaration>,
}

/// A version as text.
mod version {
    use semver::Version;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(version: &Version, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(version)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Version, D::Error> {
        let text = String::deserialize(from)?;
        let invalid = |error| de::Error::custom(format!("{text:?} is not a version: {error}"));
        Version::parse(&text).map_err(invalid)
    }
}

impl Manifest {
    /// Reads a manifest. `plugin` is the name of its folder, which errors name.
    ///
    /// # Errors
    /// The text is not valid TOML, or a field is not valid.
    pub fn parse(plugin: &str, text: &str) -> Result<Self, PluginError> {
        let failed = |problem: String| {
            let problem = format!("{MANIFEST} {problem}");
            PluginError::new(PluginErrorCode::LoadFailed, plugin, problem)
        };
        let manifest: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.unwrap_or_default().matches('\n').count() + 1;
            let problem = error.message();
            failed(format!("is not a valid manifest: line {line}: {problem}"))
        })?;
        match manifest.problem() {
            None => Ok(manifest),
            Some(problem) => Err(failed(problem)),
        }
    }

    fn problem(&self) -> Option<String> {
        if !is_name(&self.name) {
            return Some(format!(
                "has an invalid name {:?}: use 1 to {MAX_NAME} lower-case letters, digits, '_' or '-'",
                self.name
            ));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some("has an invalid `sha256`: use 64 hexadecimal digits".to_owned());
        }
        if self.hooks.len().max(self.handlers.len()) > MAX_DECLARATIONS {
            return Some(format!(
                "has more than {MAX_DECLARATIONS} hooks or handlers"
            ));
        }
        if let Some(dependency) = self.dependencies.iter().find(|name| !is_name(name)) {
            return Some(format!(
                "has an invalid dependency {dependency:?}: use the name of a plugin"
            ));
        }
        let hooks = self.hooks.iter().map(|hook| hook.name.as_str());
        let handlers = self.handlers.iter().map(|handler| handler.name.as_str());
        repeated(hooks)
            .or_else(|| repeated(handlers))
            .map(|name| format!("has two hooks or handlers with the name \"{name}\": rename one"))
    }
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Whether a text is a valid name of a plugin. Such a name is also a safe name of a folder.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}
