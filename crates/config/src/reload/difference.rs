//! Compares the running snapshot with a new one by key.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::{
    document::{get, remove, set},
    key::Key,
    loaded::Inner,
    secret::SecretLeaf,
    shape::{Form, Shape},
};

#[derive(Default)]
pub(super) struct Difference {
    /// Keys whose new value takes effect.
    pub(super) changed: Vec<Key>,
    /// Keys whose new value needs a restart.
    pub(super) fixed: Vec<Key>,
}

impl Difference {
    /// Compares the snapshots. Restores the running values in `new` that need a restart.
    pub(super) fn settle(shape: &Shape, old: &Inner, new: &mut Inner) -> Self {
        let mut difference = Self::default();
        difference.visit(shape, old, new, &Key::default(), false);
        difference
    }

    fn visit(&mut self, shape: &Shape, old: &Inner, new: &mut Inner, key: &Key, reloadable: bool) {
        let reloadable = reloadable || shape.reloadable;
        let present = (get(&old.document, key), get(&new.document, key));
        if !reloadable
            && matches!(shape.form, Form::Section { .. } | Form::Map { .. })
            && let (Some(Json::Object(before)), Some(Json::Object(after))) = present
        {
            let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
            for name in names {
                if let Some(member) = shape.member(&name) {
                    self.visit(member, old, new, &key.child(&name), false);
                }
            }
        } else if !is_same(old, new, key) {
            if reloadable || is_rotated(old, new, key) {
                self.changed.push(key.clone());
            } else {
                restore(old, new, key);
                self.fixed.push(key.clone());
            }
        }
    }
}

fn is_same(old: &Inner, new: &Inner, key: &Key) -> bool {
    let secrets = |inner: &Inner| {
        let below = inner.secrets.iter().filter(|(at, _)| at.starts_with(key));
        below
            .map(|(at, secret)| (at.clone(), secret.clone()))
            .collect::<Vec<_>>()
    };
    let (before, after) = (secrets(old), secrets(new));
    get(&old.document, key) == get(&new.document, key)
        && before.len() == after.len()
        && before
            .iter()
            .zip(&after)
            .all(|(left, right)| left.0 == right.0 && left.1.expose() == right.1.expose())
}

/// Whether only secrets differ at and below a key, and components follow their references.
fn is_rotated(old: &Inner, new: &Inner, key: &Key) -> bool {
    let below = |inner: &Inner| -> Vec<SecretLeaf> {
        let leaves = inner.secret_leaves.iter();
        let below = leaves.filter(|leaf| leaf.key.starts_with(key));
        below.cloned().collect()
    };
    let (before, after) = (below(old), below(new));
    let is_same_secret = |leaf: &SecretLeaf| {
        let value = |inner: &Inner| inner.secrets.get(&leaf.key).cloned();
        match (value(old), value(new)) {
            (Some(old), Some(new)) => old.expose() == new.expose(),
            _ => false,
        }
    };
    get(&old.document, key) == get(&new.document, key)
        && before.len() == after.len()
        && before.iter().zip(&after).all(|(before, after)| {
            let is_same_reference =
                before.key == after.key && before.reference.key() == after.reference.key();
            is_same_reference && (old.rotations.is_followed(before) || is_same_secret(after))
        })
}

/// Restores the running values at and below a key.
fn restore(old: &Inner, new: &mut Inner, key: &Key) {
    match get(&old.document, key) {
        Some(value) => set(&mut new.document, key, value.clone()),
        None => {
            remove(&mut new.document, key);
        }
    }
    new.secrets.retain(|at, _| !at.starts_with(key));
    new.leaves.retain(|at, _| !at.starts_with(key));
    new.secret_leaves.retain(|leaf| !leaf.key.starts_with(key));
    let below = |at: &Key| at.starts_with(key);
    let secrets = old.secrets.iter().filter(|(at, _)| below(at));
    new.secrets
        .extend(secrets.map(|(at, secret)| (at.clone(), secret.clone())));
    let leaves = old.leaves.iter().filter(|(at, _)| below(at));
    new.leaves
        .extend(leaves.map(|(at, leaf)| (at.clone(), leaf.clone())));
    let references = old.secret_leaves.iter().filter(|leaf| below(&leaf.key));
    new.secret_leaves.extend(references.cloned());
}
