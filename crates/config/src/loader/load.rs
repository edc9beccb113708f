//! Loads the layers of a configuration.

use std::path::PathBuf;

use seaworthy_core::{Secret, SecretRotation};
use serde_json::{Map, Value as Json};

use super::Loader;
use crate::{
    ConfigError, ConfigErrors, Loaded, Origin, Profile, Schema, SecretError,
    check::Check,
    instance::instantiate,
    key::Key,
    legacy_key::move_keys,
    legacy_variable::parse_profile,
    loaded::{IgnoredVariable, Inner, LayerName},
    overrides,
    requirement::highest,
    secret::{Rotations, SecretLeaf, SecretSources},
    tree::{Node, merge},
    variables::{self, Effects},
};

/// A loaded configuration without its secrets.
struct Prepared {
    profile: Profile,
    is_profile_set: bool,
    files: Vec<PathBuf>,
    layers: Vec<(LayerName, Node)>,
    tree: Node,
    document: Json,
    check: Check,
    ignored: Vec<IgnoredVariable>,
}

impl Loader {
    /// Loads the configuration, with secrets from `env:` and `file:` only.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error.
    pub fn load(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let sources = self.secret_sources();
        let leaves = prepared.check.secrets.iter();
        let secrets = leaves.map(|leaf| sources.read_local(&leaf.reference));
        let secrets = secrets.collect();
        self.finish(schema, prepared, secrets, errors)
    }

    /// Loads the configuration with an empty string in place of each secret. For commands that need
    /// no secrets and must work without a vault.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error.
    pub fn load_without_secrets(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let leaves = prepared.check.secrets.iter();
        let secrets = leaves.map(|_| Ok(Secret::new(String::new()))).collect();
        self.finish(schema, prepared, secrets, errors)
    }

    /// Loads the configuration, with secrets from every source. Reading the secrets takes at most
    /// five seconds.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error.
    pub async fn load_async(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let sources = self.secret_sources();
        let secrets = sources.read_all(&prepared.check.secrets).await;
        self.finish(schema, prepared, secrets, errors)
    }

    /// Returns the files that contain secrets.
    pub(crate) fn secret_files(&self, leaves: &[SecretLeaf]) -> Vec<PathBuf> {
        self.secret_sources().files(leaves)
    }

    fn secret_sources(&self) -> SecretSources<'_> {
        SecretSources {
            environment: &self.environment,
            added: &self.sources,
        }
    }

    /// Returns the profile that was set explicitly, if any.
    fn explicit_profile(&self) -> Result<Option<Profile>, ConfigError> {
        if self.profile.is_some() {
            return Ok(self.profile);
        }
        let name = variables::profile_variable(&self.service);
        let error = |problem: String| {
            let origin = Origin::Environment {
                name: name.as_str().into(),
            };
            ConfigError::new(origin, "", problem)
        };
        match self.environment.get(&name) {
            None => self.legacy_profile(),
            Some(Ok(text)) => text
                .parse()
                .map(Some)
                .map_err(|unknown: crate::UnknownProfile| error(unknown.to_string())),
            Some(Err(_)) => Err(error("the variable is not UTF-8".to_owned())),
        }
    }

    /// Returns the profile of the first variable of a legacy deployment that is not empty.
    fn legacy_profile(&self) -> Result<Option<Profile>, ConfigError> {
        for variable in self.legacy_variables().filter(|one| one.sets_profile()) {
            let error = |problem: String| {
                let origin = Origin::Environment {
                    name: variable.name().into(),
                };
                ConfigError::new(origin, "", problem)
            };
            match self.environment.get(variable.name()) {
                None | Some(Ok("")) => {}
                Some(Ok(text)) => return parse_profile(text).map(Some).map_err(error),
                Some(Err(problem)) => return Err(error(problem.to_string())),
            }
        }
        Ok(None)
    }

    fn prepare(
        &self,
        schema: &Schema,
        errors: &mut Vec<ConfigError>,
    ) -> Result<Prepared, ConfigErrors> {
        let shape = schema.shape().map_err(|problem| {
            let problem = format!("the settings types are invalid: {problem}");
            ConfigError::new(Origin::Default, "", problem)
        })?;
        let explicit = self.explicit_profile()?;
        let profile = explicit.unwrap_or_default();
        let mut layers = vec![(LayerName::Defaults, Node::from_default(schema.defaults()))];
        let mut files = Vec::new();
        let mut effects = Effects::default();
        for mut file in self.location.read(profile, errors) {
            file.tree.expand(&self.environment);
            let requirements = &mut effects.requirements;
            move_keys(&mut file.tree, schema, profile, requirements, errors);
            files.push(file.path.clone());
            layers.push((LayerName::File(file.path), file.tree));
        }
        let join = |layers: &[(LayerName, Node)]| {
            layers
                .iter()
                .map(|(_, tree)| tree.clone())
                .reduce(|lower, upper| merge(Some(shape), lower, upper))
                .unwrap_or_else(|| Node::empty(Origin::Default))
        };
        let of_files = join(layers.get(1..).unwrap_or_default());
        let other_names =
            variables::other_names(&self.environment, schema, &of_files, &mut effects, errors);
        layers.push((LayerName::Environment, other_names.clone()));
        let variables = variables::layer(
            &self.service,
            &self.environment,
            schema,
            &join(&layers),
            errors,
        );
        // `explain` shows one layer of variables, in which the names of the service take
        // precedence.
        layers.pop();
        let variables = merge(Some(shape), other_names, variables);
        layers.push((LayerName::Environment, variables));
        layers.push((
            LayerName::CommandLine,
            overrides::layer(&self.overrides, schema, errors),
        ));
        let mut tree = join(&layers);
        let required = highest(effects.requirements);
        required
            .iter()
            .for_each(|required| required.apply(&mut tree));
        let required = required.into_iter();
        errors.extend(required.filter_map(|required| required.check(&tree)));
        let mut check = Check::default();
        let document = check.node(shape, &tree, &Key::default(), false);
        errors.append(&mut check.errors);
        Ok(Prepared {
            profile,
            is_profile_set: explicit.is_some(),
            files,
            layers,
            document: document.unwrap_or_else(|| Json::Object(Map::new())),
            tree,
            check,
            ignored: effects.ignored,
        })
    }

    fn finish(
        &self,
        schema: &Schema,
        prepared: Prepared,
        fetched: Vec<Result<Secret<String>, SecretError>>,
        mut errors: Vec<ConfigError>,
    ) -> Result<Loaded, ConfigErrors> {
        let mut secrets = std::collections::BTreeMap::new();
        for (leaf, fetched) in prepared.check.secrets.iter().zip(fetched) {
            match fetched {
                Ok(secret) => drop(secrets.insert(leaf.key.clone(), secret)),
                Err(error) => errors.push(ConfigError::new(
                    leaf.origin.clone(),
                    leaf.key.to_string(),
                    error.to_string(),
                )),
            }
        }
        let leaves = &prepared.check.secrets;
        let rotations = Rotations::new(leaves, &Rotations::default());
        let instances = SecretRotation::scope(rotations.by_value(leaves, &secrets), || {
            instantiate(
                schema,
                &prepared.document,
                &secrets,
                &prepared.tree,
                &mut errors,
            )
        });
        let loaded = Loaded::new(Inner {
            service: self.service.clone(),
            schema: schema.clone(),
            profile: prepared.profile,
            is_profile_set: prepared.is_profile_set,
            files: prepared.files,
            directory: self.location.directory(),
            layers: prepared.layers,
            tree: prepared.tree,
            document: prepared.document,
            leaves: prepared.check.leaves,
            secret_leaves: prepared.check.secrets,
            secrets,
            rotations,
            instances,
            ignored: prepared.ignored,
        });
        let rules = self.rules.iter().chain(&self.start_rules);
        let mut found: Vec<_> = rules.flat_map(|rule| rule(&loaded)).collect();
        found.retain(|error| !errors.iter().any(|known| known.key() == error.key()));
        errors.append(&mut found);
        ConfigErrors::check(errors)?;
        Ok(loaded)
    }
}
