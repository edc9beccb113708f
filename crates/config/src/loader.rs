use std::{path::PathBuf, sync::Arc};

use seaworthy_core::{Secret, SecretRotation};
use serde_json::{Map, Value as Json};

use crate::{
    ConfigError, ConfigErrors, Environment, Loaded, Origin, Profile, Schema, SecretError,
    SecretSource,
    check::Check,
    files::Location,
    instance::instantiate,
    key::Key,
    legacy::{LegacyVariable, parse_profile},
    loaded::{Inner, LayerName},
    overrides,
    secret::{Rotations, SecretLeaf, SecretSources},
    tree::{Node, merge},
    variables,
};

/// Reads the layers of a configuration: defaults, `config.yaml`, `config.<profile>.yaml`,
/// environment, command line. A later layer overrides an earlier one.
///
/// ```
/// use schemars::JsonSchema;
/// use seaworthy_config::{Environment, Loader, Profile, Schema};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct Hello {
///     /// The greeting before the name.
///     greeting: String,
/// }
///
/// let schema = Schema::of::<Hello>();
/// let loaded = Loader::new("hello")
///     .profile(Profile::Test)
///     .environment(Environment::from([("HELLO__GREETING", "Ahoy")]))
///     .load(&schema)?;
/// assert_eq!(loaded.get::<Hello>()?.greeting, "Ahoy");
/// assert_eq!(loaded.origin("greeting").unwrap().to_string(), "env HELLO__GREETING");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Loader {
    service: String,
    location: Location,
    profile: Option<Profile>,
    environment: Environment,
    overrides: Vec<String>,
    sources: Vec<Arc<dyn SecretSource>>,
    rules: Vec<Rule>,
    defaults: Vec<(String, Json)>,
    variables: Vec<LegacyVariable>,
    reads_legacy_variables: bool,
}

/// A check of settings beyond their types.
type Rule = Arc<dyn Fn(&Loaded) -> Vec<ConfigError> + Send + Sync>;

/// A loaded configuration without its secrets.
struct Prepared {
    profile: Profile,
    is_profile_set: bool,
    files: Vec<PathBuf>,
    layers: Vec<(LayerName, Node)>,
    tree: Node,
    document: Json,
    check: Check,
}

impl Loader {
    /// A loader for the service with this name, with the environment variables of this process. The
    /// variables of the service begin with its name in upper case and two underscores: `HELLO__`.
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            location: Location::default(),
            profile: None,
            environment: Environment::of_process(),
            overrides: Vec::new(),
            sources: Vec::new(),
            rules: Vec::new(),
            defaults: Vec::new(),
            variables: Vec::new(),
            reads_legacy_variables: true,
        }
    }

    /// Sets the directory of `config.yaml` and `config.<profile>.yaml`. By default this is `config`
    /// in the working directory, if it exists.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.location = Location::Directory(path.into());
        self
    }

    /// Sets the path of the base file. The file of the profile is next to it: `hello.yaml` and
    /// `hello.production.yaml`.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.location = Location::File(path.into());
        self
    }

    /// Sets the profile. By default the variable `HELLO__PROFILE` sets it, or it is `development`.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Sets the environment variables. By default these are the variables of this process.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Adds settings of the command line, each in the form `key=value`.
    #[must_use]
    pub fn overrides<T: Into<String>>(mut self, overrides: impl IntoIterator<Item = T>) -> Self {
        self.overrides.extend(overrides.into_iter().map(Into::into));
        self
    }

    /// Adds a source of secrets, in addition to `env:` and `file:`. Only
    /// [`load_async`](Self::load_async) reads it.
    #[must_use]
    pub fn secret_source(mut self, source: impl SecretSource + 'static) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// Adds a rule that checks the settings at each load and reload. It runs if all settings have
    /// the right types.
    #[must_use]
    pub fn rule(
        mut self,
        rule: impl Fn(&Loaded) -> Vec<ConfigError> + Send + Sync + 'static,
    ) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    /// Overrides the default of a setting, like [`Schema::with_default`].
    /// [`complete`](Self::complete) applies it to a schema.
    #[must_use]
    pub fn default_value(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.defaults.push((key.to_owned(), value.into()));
        self
    }

    /// Adds another environment variable for a setting, like [`Schema::with_variable`].
    /// [`complete`](Self::complete) applies it to a schema.
    #[must_use]
    pub fn variable(mut self, name: &str, key: &str) -> Self {
        self.variables.push(LegacyVariable::owned(name, key));
        self
    }

    /// Adds a variable of a legacy deployment. [`complete`](Self::complete) applies it to a schema.
    #[must_use]
    pub fn legacy_variable(mut self, variable: LegacyVariable) -> Self {
        self.variables.push(variable);
        self
    }

    /// Ignores all variables without the prefix of the service. For programs that start several
    /// services in one environment, where a name has several meanings.
    #[must_use]
    pub fn without_legacy_variables(mut self) -> Self {
        self.reads_legacy_variables = false;
        self
    }

    /// The variables of legacy deployments that this loader reads.
    fn legacy_variables(&self) -> impl Iterator<Item = &LegacyVariable> {
        let variables = self.variables.iter();
        variables.filter(|_| self.reads_legacy_variables)
    }

    /// Adds the defaults and variables of this loader to a schema.
    #[must_use]
    pub fn complete(&self, schema: Schema) -> Schema {
        let defaults = self.defaults.iter();
        let schema = defaults.fold(schema, |schema, (key, value)| {
            schema.with_default(key, value.clone())
        });
        self.legacy_variables()
            .fold(schema, Schema::with_legacy_variable)
    }

    /// The name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Loads the configuration, with secrets from `env:` and `file:` only.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake.
    pub fn load(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let sources = self.secret_sources();
        let leaves = prepared.check.secrets.iter();
        let secrets = leaves.map(|leaf| sources.read_local(&leaf.reference));
        let secrets = secrets.collect();
        self.finish(schema, prepared, secrets, errors)
    }

    /// Loads the configuration with an empty text in place of each secret. For commands that need
    /// no secrets and must work without a vault.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake.
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
    /// [`ConfigErrors`] with every mistake.
    pub async fn load_async(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let sources = self.secret_sources();
        let secrets = sources.read_all(&prepared.check.secrets).await;
        self.finish(schema, prepared, secrets, errors)
    }

    /// The files whose change means that a secret has changed.
    pub(crate) fn secret_files(&self, leaves: &[SecretLeaf]) -> Vec<PathBuf> {
        self.secret_sources().files(leaves)
    }

    fn secret_sources(&self) -> SecretSources<'_> {
        SecretSources {
            environment: &self.environment,
            added: &self.sources,
        }
    }

    /// The profile that was set explicitly, if any.
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

    /// The profile of the first variable of a legacy deployment that is not empty.
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
        let mut layers = vec![(LayerName::Defaults, Node::of_default(schema.defaults()))];
        let mut files = Vec::new();
        for mut file in self.location.read(profile, errors) {
            file.tree.expand(&self.environment);
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
        let other_names = variables::other_names(&self.environment, schema, errors);
        layers.push((LayerName::Environment, other_names.clone()));
        let variables = variables::layer(
            &self.service,
            &self.environment,
            schema,
            &join(&layers),
            errors,
        );
        // `explain` shows one layer of variables, in which the names of the service win.
        layers.pop();
        let variables = merge(Some(shape), other_names, variables);
        layers.push((LayerName::Environment, variables));
        layers.push((
            LayerName::CommandLine,
            overrides::layer(&self.overrides, schema, errors),
        ));
        let tree = join(&layers);
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
        ConfigErrors::check(errors)?;
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
        });
        let errors = self.rules.iter().flat_map(|rule| rule(&loaded)).collect();
        ConfigErrors::check(errors)?;
        Ok(loaded)
    }
}
