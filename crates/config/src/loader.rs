use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::future::join_all;
use seaworthy_core::Secret;
use serde_json::{Map, Value as Json};

use crate::{
    ConfigError, ConfigErrors, Environment, EnvironmentSecrets, FileSecrets, Loaded, Origin,
    Profile, Schema, SecretError, SecretSource,
    check::Check,
    files::Location,
    instance::instantiate,
    key::Key,
    loaded::{Inner, LayerName},
    overrides,
    secret::{Reference, SecretLeaf},
    tree::{Node, merge},
    variables,
};

/// All secrets together: a start that waits longer for a vault is one that should be seen to fail.
const SECRETS_WITHIN: Duration = Duration::from_secs(5);

/// Reads the layers of a configuration, of which the later win: defaults, `config.yaml`, `config.<profile>.yaml`, environment, command line.
///
/// ```
/// use schemars::JsonSchema;
/// use seaworthy_config::{Environment, Loader, Profile, Schema};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct Hello {
///     /// The word before the name.
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
    variables: Vec<(String, String)>,
}

/// What settings must keep to beyond their types.
type Rule = Arc<dyn Fn(&Loaded) -> Vec<ConfigError> + Send + Sync>;

/// Everything but the secrets.
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
    /// A loader for the service of this name, over the variables of this process. Its own variables begin with the name in upper case, dashes as
    /// underscores, and two underscores: `HELLO__`.
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
        }
    }

    /// The directory with `config.yaml` and `config.<profile>.yaml`. Without it `config` in the working directory is read where it exists.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.location = Location::Directory(path.into());
        self
    }

    /// The base file itself; the profile's file lies beside it (`hello.yaml`, `hello.production.yaml`).
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.location = Location::File(path.into());
        self
    }

    /// The profile. Without it the variable `HELLO__PROFILE` decides, and without that it is development.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The variables to read instead of this process's own.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// What the command line sets: texts of the form `key=value`, as `--set` takes them.
    #[must_use]
    pub fn overrides<T: Into<String>>(mut self, overrides: impl IntoIterator<Item = T>) -> Self {
        self.overrides.extend(overrides.into_iter().map(Into::into));
        self
    }

    /// A further place that secrets come from, beside `env:` and `file:`. Only [`load_async`](Self::load_async) asks it.
    #[must_use]
    pub fn secret_source(mut self, source: impl SecretSource + 'static) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// A further rule that settings must keep, at the start and at every reload: what it returns are mistakes like any other. It sees settings whose types are right.
    #[must_use]
    pub fn rule(
        mut self,
        rule: impl Fn(&Loaded) -> Vec<ConfigError> + Send + Sync + 'static,
    ) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    /// Another default than that of the type; see [`Schema::with_default`]. For whoever has a loader and not yet the schema: [`complete`](Self::complete) brings them together.
    #[must_use]
    pub fn default_value(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.defaults.push((key.to_owned(), value.into()));
        self
    }

    /// A variable under a name of its own; see [`Schema::with_variable`] and [`complete`](Self::complete).
    #[must_use]
    pub fn variable(mut self, name: &str, key: &str) -> Self {
        self.variables.push((name.to_owned(), key.to_owned()));
        self
    }

    /// The schema with the defaults and variables that this loader was given.
    #[must_use]
    pub fn complete(&self, schema: Schema) -> Schema {
        let defaults = self.defaults.iter();
        let schema = defaults.fold(schema, |schema, (key, value)| {
            schema.with_default(key, value.clone())
        });
        let variables = self.variables.iter();
        variables.fold(schema, |schema, (name, key)| {
            schema.with_variable(name, key)
        })
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Loads without waiting for anything: secrets come from `env:` and `file:`.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake at once.
    pub fn load(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let variables = EnvironmentSecrets::new(self.environment.clone());
        let mut secrets = Vec::new();
        for leaf in &prepared.check.secrets {
            let secret = match &leaf.reference {
                Reference::Literal(secret) => Ok(secret.clone()),
                Reference::External {
                    scheme: "env",
                    locator,
                } => variables.get(locator),
                Reference::External {
                    scheme: "file",
                    locator,
                } => FileSecrets::get(locator),
                Reference::External { scheme, .. } => Err(no_source(scheme)),
            };
            keep(leaf, secret, &mut secrets, &mut errors);
        }
        self.finish(schema, prepared, secrets, errors)
    }

    /// Loads without asking anything for a secret: each is empty. For what needs other settings alone and must work while a vault is away.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake at once.
    pub fn load_without_secrets(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let mut secrets = Vec::new();
        for leaf in &prepared.check.secrets {
            let empty = Ok(Secret::new(String::new()));
            keep(leaf, empty, &mut secrets, &mut errors);
        }
        self.finish(schema, prepared, secrets, errors)
    }

    /// Loads with secrets from every source, which have five seconds together.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake at once.
    pub async fn load_async(&self, schema: &Schema) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let prepared = self.prepare(schema, &mut errors)?;
        let end = tokio::time::Instant::now() + SECRETS_WITHIN;
        let leaves = &prepared.check.secrets;
        let fetched = join_all(leaves.iter().map(async |leaf| {
            let fetched = tokio::time::timeout_at(end, self.fetch(&leaf.reference)).await;
            fetched.unwrap_or_else(|_| {
                let seconds = SECRETS_WITHIN.as_secs();
                Err(SecretError::new(format!(
                    "the secrets did not arrive within {seconds} s"
                )))
            })
        }));
        let mut secrets = Vec::new();
        for (leaf, secret) in leaves.iter().zip(fetched.await) {
            keep(leaf, secret, &mut secrets, &mut errors);
        }
        self.finish(schema, prepared, secrets, errors)
    }

    /// The files whose change means that a secret has changed.
    pub(crate) fn secret_files(&self, leaves: &[SecretLeaf]) -> Vec<PathBuf> {
        leaves
            .iter()
            .filter_map(|leaf| match &leaf.reference {
                Reference::External { scheme, locator } => {
                    match self
                        .sources
                        .iter()
                        .find(|source| source.scheme() == *scheme)
                    {
                        Some(source) => source.file(locator),
                        None if *scheme == "file" => FileSecrets.file(locator),
                        None => None,
                    }
                }
                Reference::Literal(_) => None,
            })
            .collect()
    }

    async fn fetch(&self, reference: &Reference) -> Result<Secret<String>, SecretError> {
        match reference {
            Reference::Literal(secret) => Ok(secret.clone()),
            Reference::External { scheme, locator } => {
                if let Some(source) = self
                    .sources
                    .iter()
                    .find(|source| source.scheme() == *scheme)
                {
                    return source.read(locator).await;
                }
                match *scheme {
                    "env" => EnvironmentSecrets::new(self.environment.clone()).get(locator),
                    "file" => FileSecrets::get(locator),
                    scheme => Err(no_source(scheme)),
                }
            }
        }
    }

    /// The profile that was set explicitly, if any.
    fn chosen_profile(&self) -> Result<Option<Profile>, ConfigError> {
        if self.profile.is_some() {
            return Ok(self.profile);
        }
        let name = variables::profile_variable(&self.service);
        let refuse = |problem: String| {
            let origin = Origin::Environment {
                name: name.as_str().into(),
            };
            ConfigError::new(origin, "", problem)
        };
        match self.environment.get(&name) {
            None => Ok(None),
            Some(Ok(text)) => text
                .parse()
                .map(Some)
                .map_err(|error: crate::UnknownProfile| refuse(error.to_string())),
            Some(Err(_)) => Err(refuse("the variable is not UTF-8".to_owned())),
        }
    }

    fn prepare(
        &self,
        schema: &Schema,
        errors: &mut Vec<ConfigError>,
    ) -> Result<Prepared, ConfigErrors> {
        let shape = schema.shape().map_err(|problem| {
            let problem = format!("the settings types cannot be used: {problem}");
            ConfigError::new(Origin::Default, "", problem)
        })?;
        let chosen = self.chosen_profile()?;
        let profile = chosen.unwrap_or_default();
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
        // One layer to whoever reads an explanation, in which the usual names win.
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
            is_profile_set: chosen.is_some(),
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
        secrets: Vec<(Key, Secret<String>)>,
        mut errors: Vec<ConfigError>,
    ) -> Result<Loaded, ConfigErrors> {
        let secrets = secrets.into_iter().collect();
        let instances = instantiate(
            schema,
            &prepared.document,
            &secrets,
            &prepared.tree,
            &mut errors,
        );
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
            instances,
        });
        let broken = self.rules.iter().flat_map(|rule| rule(&loaded)).collect();
        ConfigErrors::check(broken)?;
        Ok(loaded)
    }
}

fn no_source(scheme: &str) -> SecretError {
    SecretError::new(format!("no source for `{scheme}:` secrets is set up"))
}

fn keep(
    leaf: &SecretLeaf,
    secret: Result<Secret<String>, SecretError>,
    secrets: &mut Vec<(Key, Secret<String>)>,
    errors: &mut Vec<ConfigError>,
) {
    match secret {
        Ok(secret) => secrets.push((leaf.key.clone(), secret)),
        Err(error) => errors.push(ConfigError::new(
            leaf.origin.clone(),
            leaf.key.to_string(),
            error.to_string(),
        )),
    }
}
