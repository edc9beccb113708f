use std::collections::BTreeMap;

use seaworthy_core::{Secret, SecretRotation};

use super::{ReferenceKey, SecretLeaf};
use crate::key::Key;

/// The newest values of the external secrets of a configuration, by their references. Clones share
/// the values.
#[derive(Clone, Default)]
pub(crate) struct Rotations(BTreeMap<ReferenceKey, SecretRotation>);

impl Rotations {
    /// Returns the rotations of these secrets. Those that `running` contains are kept, because
    /// components follow them.
    pub(crate) fn new(leaves: &[SecretLeaf], running: &Self) -> Self {
        let keys = leaves.iter().filter_map(|leaf| leaf.reference.key());
        let rotation = |key: &ReferenceKey| running.0.get(key).cloned().unwrap_or_default();
        Self(
            keys.map(|key| {
                let rotation = rotation(&key);
                (key, rotation)
            })
            .collect(),
        )
    }

    /// Returns whether a component follows the secret of a leaf.
    pub(crate) fn is_followed(&self, leaf: &SecretLeaf) -> bool {
        let rotation = leaf.reference.key().and_then(|key| self.0.get(&key));
        rotation.is_some_and(SecretRotation::is_followed)
    }

    /// Publishes the values of these secrets.
    pub(crate) fn publish(&self, leaves: &[SecretLeaf], secrets: &BTreeMap<Key, Secret<String>>) {
        for leaf in leaves {
            let rotation = leaf.reference.key().and_then(|key| self.0.get(&key));
            if let (Some(rotation), Some(secret)) = (rotation, secrets.get(&leaf.key)) {
                rotation.set(secret.clone());
            }
        }
    }

    /// Returns the rotations by value, for the secrets that are deserialized from this
    /// configuration. A value of several references or literals is omitted, because it does not
    /// identify its reference.
    pub(crate) fn by_value(
        &self,
        leaves: &[SecretLeaf],
        secrets: &BTreeMap<Key, Secret<String>>,
    ) -> Vec<(Secret<String>, SecretRotation)> {
        let valued = leaves.iter().filter_map(|leaf| {
            let secret = secrets.get(&leaf.key)?;
            Some((secret, leaf.reference.key()))
        });
        let valued: Vec<_> = valued.collect();
        let is_unique = |secret: &Secret<String>, key: &ReferenceKey| {
            let mut same = valued
                .iter()
                .filter(|(other, _)| other.expose() == secret.expose());
            same.all(|(_, other)| other.as_ref() == Some(key))
        };
        let mut known = Vec::new();
        for (secret, key) in &valued {
            if let Some(key) = key
                && is_unique(secret, key)
                && let Some(rotation) = self.0.get(key)
            {
                known.push(((*secret).clone(), rotation.clone()));
            }
        }
        known
    }
}
