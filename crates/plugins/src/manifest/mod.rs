//! The file `plugin.toml` of a plugin.

mod capability;
mod key;
mod signature;
mod version;
mod world;

use std::collections::BTreeMap;

pub use capability::Capability;
pub use key::{SigningKey, SigningKeyError};
use seaworthy_core::{ByteSize, Timeout};
use semver::Version;
use serde::{Deserialize, Serialize};
pub use signature::Signature;
pub(crate) use signature::public_key;
pub(crate) use version::versions;
pub use world::World;

use crate::{EventType, FailureMode, HookPoint, PluginError, PluginErrorCode, folder::MANIFEST};

/// The maximum length of a name in bytes. A name is a label of metrics and a part of paths.
const MAX_NAME: usize = 64;
/// The maximum length of a version in bytes. A version is a label of metrics, and the audit log
/// keeps it.
const MAX_VERSION: usize = 100;
/// The rule for names of plugins, in messages. [`is_name`] checks it.
pub(crate) const NAME_RULE: &str =
    "use 1 to 64 lower-case letters, digits, '_' or '-', and no '-' at the start";
/// The maximum number of hooks, handlers and dependencies of a plugin: more than a sensible plugin
/// has.
const MAX_DECLARATIONS: usize = 64;

/// The versions of the interface that this host serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Interface {
    /// The first version.
    #[serde(rename = "0.1.0")]
    V0_1,
    /// Hooks also read the tenant and the remaining time of a request.
    #[serde(rename = "0.2.0")]
    V0_2,
    /// Plugins also publish events.
    #[serde(rename = "0.3.0")]
    V0_3,
}

impl Interface {
    /// All versions, the newest last.
    pub const ALL: [Self; 3] = [Self::V0_1, Self::V0_2, Self::V0_3];

    /// Returns the version as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
            Self::V0_3 => "0.3.0",
        }
    }
}

/// A hook of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookDeclaration {
    /// The name, unique among the hooks of the plugin at the same point.
    pub name: String,
    /// The place in the service that calls the hook.
    pub point: HookPoint,
    /// Hooks with small priorities run first. The default is `priority` in the settings of the
    /// plugin.
    pub priority: Option<i32>,
    /// The timeout of one call. The default is 50 ms at the points of requests and of
    /// authentication, else 30 s. `timeout` in the settings of the plugin is its upper limit.
    pub timeout: Option<Timeout>,
    /// Whether a rejection becomes the response. Only some points permit it
    /// ([`HookPoint::can_veto`]).
    #[serde(default)]
    pub veto: bool,
}

/// A handler of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlerDeclaration {
    /// The name, unique among the handlers of the plugin.
    pub name: String,
    /// The types of the events that it gets.
    pub types: Vec<EventType>,
    /// The timeout of one delivery. `timeout` in the settings of the plugin is its default and its
    /// upper limit.
    pub timeout: Option<Timeout>,
}

/// The manifest of a plugin, the file `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name: 1 to 64 lower-case letters, digits, `_` and `-`, and no `-` at the start. The
    /// folder has the same name.
    pub name: String,
    /// The version of the plugin as a semantic version, such as `1.0.0`.
    #[serde(with = "version")]
    pub version: Version,
    /// The version of the interface that the component was built for.
    pub api: Interface,
    /// The exports of the component. A component with other exports cannot be loaded.
    #[serde(default)]
    pub world: Option<World>,
    /// The SHA-256 of `plugin.wasm`: 64 hexadecimal digits.
    pub sha256: String,
    /// A description in one sentence.
    #[serde(default)]
    pub description: String,
    /// The author.
    #[serde(default)]
    pub author: String,
    /// The license.
    #[serde(default)]
    pub license: String,
    /// The URL of its page.
    #[serde(default)]
    pub homepage: String,
    /// The names of the plugins that must be loaded and started first, at most 64.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Keywords for a search.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Further texts for operators.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// The capabilities that the plugin requests. The operator grants them by name.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// The maximum memory of a call, if it is less than `plugins.security.max_memory`.
    #[serde(default)]
    pub max_memory: Option<ByteSize>,
    /// The reaction of the service to a failure of this plugin. The settings of the plugin override
    /// it. `open` has no effect, because only the operator can weaken `plugins.on_failure`.
    #[serde(default)]
    pub on_failure: Option<FailureMode>,
    /// The hooks, at most 64.
    #[serde(default)]
    pub hooks: Vec<HookDeclaration>,
    /// The handlers of events, at most 64.
    #[serde(default)]
    pub handlers: Vec<HandlerDeclaration>,
}

impl Manifest {
    /// Reads the text of a manifest. `plugin` is the name of its folder. Errors contain it.
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

    /// Returns the problem of a manifest in a folder with another name.
    pub(crate) fn name_problem(&self, folder: &str) -> Option<String> {
        let name = &self.name;
        let problem = || format!("names \"{name}\": the folder must have the same name");
        (name != folder).then(problem)
    }

    fn problem(&self) -> Option<String> {
        if !is_name(&self.name) {
            return Some(format!("has an invalid name {:?}: {NAME_RULE}", self.name));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some("has an invalid `sha256`: use 64 hexadecimal digits".to_owned());
        }
        if self.version.to_string().len() > MAX_VERSION {
            return Some(format!("has a version of more than {MAX_VERSION} bytes"));
        }
        for (what, count) in [
            ("hooks", self.hooks.len()),
            ("handlers", self.handlers.len()),
            ("dependencies", self.dependencies.len()),
        ] {
            if count > MAX_DECLARATIONS {
                return Some(format!("has more than {MAX_DECLARATIONS} {what}"));
            }
        }
        let ignored = |hook: &&HookDeclaration| hook.veto && !hook.point.can_veto();
        if let Some(hook) = self.hooks.iter().find(ignored) {
            return Some(format!(
                "has `veto = true` in the hook \"{}\": a hook at the point {} cannot reject",
                hook.name,
                hook.point.as_str()
            ));
        }
        if let Some(dependency) = self.dependencies.iter().find(|name| !is_name(name)) {
            return Some(format!(
                "has an invalid dependency {dependency:?}: use the name of a plugin"
            ));
        }
        let dependencies = self.dependencies.iter().map(String::as_str);
        let capabilities = self.capabilities.iter().map(|wanted| wanted.as_str());
        if let Some(name) = repeated(dependencies).or_else(|| repeated(capabilities)) {
            return Some(format!("has \"{name}\" twice: remove one"));
        }
        let mut capabilities = self.capabilities.iter();
        if let Some(newer) = capabilities.find(|capability| capability.since() > self.api) {
            let (name, since) = (newer.as_str(), newer.since().as_str());
            return Some(format!(
                "requests the capability \"{name}\", which needs `api = \"{since}\"`"
            ));
        }
        let hooks = self.hooks.iter();
        if let Some((point, name)) = repeated(hooks.map(|hook| (hook.point, &hook.name))) {
            let point = point.as_str();
            return Some(format!(
                "has two hooks at the point {point} with the name \"{name}\": rename one"
            ));
        }
        let handlers = self.handlers.iter().map(|handler| handler.name.as_str());
        repeated(handlers)
            .map(|name| format!("has two handlers with the name \"{name}\": rename one"))
    }
}

fn repeated<T: Copy + Ord>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = std::collections::BTreeSet::new();
    items.into_iter().find(|item| !seen.insert(*item))
}

/// Returns true if a text is a valid name of a plugin. Such a name is also a safe name of a folder.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}
