use std::{
    any::{TypeId, type_name},
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use seaworthy_core::Secret;
use serde_json::Value as Json;

use crate::{
    Origin, Profile, Schema,
    check::Leaf,
    key::Key,
    mark::Marks,
    schema::{Instance, Settings},
    secret::{Reference, Rotations, SecretLeaf},
    tree::Node,
    variables,
};

/// A valid configuration: an immutable snapshot. Cheap to clone. `Debug` prints no values.
#[derive(Clone)]
pub struct Loaded(Arc<Inner>);

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) service: String,
    pub(crate) schema: Schema,
    pub(crate) profile: Profile,
    pub(crate) is_profile_set: bool,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) directory: PathBuf,
    pub(crate) layers: Vec<(LayerName, Node)>,
    pub(crate) tree: Node,
    /// The typed values, with a mask for each secret.
    pub(crate) document: Json,
    pub(crate) leaves: BTreeMap<Key, Leaf>,
    pub(crate) secret_leaves: Vec<SecretLeaf>,
    pub(crate) secrets: BTreeMap<Key, Secret<String>>,
    pub(crate) rotations: Rotations,
    pub(crate) instances: BTreeMap<TypeId, Instance>,
    pub(crate) ignored: Vec<IgnoredVariable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LayerName {
    Defaults,
    File(PathBuf),
    Environment,
    CommandLine,
}

/// A settings type that is not part of the loaded schema. This is a bug of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not one of the loaded settings types")]
pub struct UnknownSettings(&'static str);

/// A secret in a file or on the command line, instead of a reference (CONF-3, CONF-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineSecret {
    /// The key, such as `database.password`.
    pub key: String,
    /// The origin of the secret.
    pub origin: Origin,
}

/// An environment variable of a legacy deployment that has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredVariable {
    /// The name of the variable.
    pub name: String,
    /// The advice on its replacement.
    pub advice: Cow<'static, str>,
}

impl Loaded {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Returns the settings of one type.
    ///
    /// # Errors
    /// [`UnknownSettings`] if the type is not part of the schema.
    pub fn get<T: Settings>(&self) -> Result<T, UnknownSettings> {
        self.0
            .instances
            .get(&TypeId::of::<T>())
            .and_then(|instance| instance.downcast_ref::<T>())
            .cloned()
            .ok_or(UnknownSettings(type_name::<T>()))
    }

    /// The profile in effect.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// Whether the environment, the command line or the program set the profile. Otherwise the
    /// profile is the default, `development`.
    #[must_use]
    pub fn is_profile_set(&self) -> bool {
        self.0.is_profile_set
    }

    /// The environment variable that sets the profile, such as `ORDERS__PROFILE`.
    #[must_use]
    pub fn profile_variable(&self) -> String {
        variables::profile_variable(&self.0.service)
    }

    /// The environment variables of a legacy deployment that are set and have no effect.
    #[must_use]
    pub fn ignored_variables(&self) -> &[IgnoredVariable] {
        &self.0.ignored
    }

    /// The files that were read, in the order of their layers.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.0.files
    }

    /// The directory of the files, whether it exists or not.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// Returns the origin of a value or of a section. `None` if no setting has the key.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<Origin> {
        let key = Key::from_dotted(key);
        self.0.schema.shape_at(&key)?;
        if let Some(leaf) = self.0.leaves.get(&key) {
            return Some(leaf.origin.clone());
        }
        Some(
            self.0
                .tree
                .at(&key)
                .map_or(Origin::Default, |node| node.origin.clone()),
        )
    }

    /// Returns the secrets in files and on the command line, by key. Preflight rejects them in
    /// production (CONF-3).
    #[must_use]
    pub fn inline_secrets(&self) -> Vec<InlineSecret> {
        let inline = self.0.secret_leaves.iter().filter(|leaf| leaf.inline);
        inline
            .map(|leaf| InlineSecret {
                key: leaf.key.to_string(),
                origin: leaf.origin.clone(),
            })
            .collect()
    }
}

impl Loaded {
    /// Whether a secret has a reference with this scheme.
    #[must_use]
    pub fn uses_secret_source(&self, scheme: &str) -> bool {
        let mut leaves = self.0.secret_leaves.iter();
        leaves.any(|leaf| matches!(&leaf.reference, Reference::External { scheme: known, .. } if *known == scheme))
    }

    /// Returns the references of all secrets that are set, by key, such as `file:/run/secrets/jwt`.
    /// `None` is a secret that is not a reference.
    #[must_use]
    pub fn secret_references(&self) -> BTreeMap<String, Option<String>> {
        let leaves = self.0.secret_leaves.iter();
        leaves
            .map(|leaf| {
                let reference = leaf.reference.key();
                let text = reference.map(|(scheme, locator)| format!("{scheme}:{locator}"));
                (leaf.key.to_string(), text)
            })
            .collect()
    }

    /// Calls `check` with the key, value and marks of every secret, to check its strength. Do not
    /// keep the value.
    pub fn for_each_secret(&self, mut check: impl FnMut(&str, &str, &Marks)) {
        for (key, secret) in &self.0.secrets {
            let marks = self.0.schema.marks(key);
            check(&key.to_string(), secret.expose(), &marks);
        }
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Loaded")
            .field("service", &self.0.service)
            .field("profile", &self.0.profile)
            .field("files", &self.0.files)
            .finish_non_exhaustive()
    }
}
