mod load;

use std::{path::PathBuf, sync::Arc};

use serde_json::Value as Json;

use crate::{
    ConfigError, Environment, Loaded, Profile, Schema, SecretSource, files::Location,
    legacy_key::LegacyKey, legacy_variable::LegacyVariable,
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
/// let schema = Schema::from_settings::<Hello>();
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
    start_rules: Vec<Rule>,
    defaults: Vec<(String, Json)>,
    variables: Vec<LegacyVariable>,
    legacy_keys: Vec<LegacyKey>,
    legacy_prefix: Option<String>,
    reads_legacy_variables: bool,
}

/// A check of settings beyond their types.
type Rule = Arc<dyn Fn(&Loaded) -> Vec<ConfigError> + Send + Sync>;

impl Loader {
    /// A loader for the service with this name, with the environment variables of this process. The
    /// variables of the service begin with its name in upper case and two underscores: `HELLO__`.
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            location: Location::default(),
            profile: None,
            environment: Environment::from_process(),
            overrides: Vec::new(),
            sources: Vec::new(),
            rules: Vec::new(),
            start_rules: Vec::new(),
            defaults: Vec::new(),
            variables: Vec::new(),
            legacy_keys: Vec::new(),
            legacy_prefix: None,
            reads_legacy_variables: true,
        }
    }

    /// A loader for a service in a test. It has the profile `test`, no environment variables, free
    /// ports and no delay at the stop. The service logs only errors. Pass further settings to
    /// [`overrides`](Self::overrides).
    #[must_use]
    pub fn for_tests(service: impl Into<String>) -> Self {
        Self::new(service)
            .profile(Profile::Test)
            .environment(Environment::default())
            .overrides([
                "server.http.addr=127.0.0.1:0",
                "server.grpc.addr=127.0.0.1:0",
                "admin.addr=127.0.0.1:0",
                "lifecycle.drain_delay=0s",
                "log.level=error",
            ])
    }

    /// Sets the directory of `config.yaml` and `config.<profile>.yaml`. By default this is `config`
    /// in the working directory, if it exists. The file of a profile can also have the short name
    /// `config.dev.yaml` or `config.prod.yaml`.
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

    /// Does not read files, not even those in the default directory.
    #[must_use]
    pub fn without_files(mut self) -> Self {
        self.location = Location::None;
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

    /// Adds a rule that checks the settings at each load and reload. It also runs if other settings
    /// have errors, so that all errors are reported together. The rule then gets the default of a
    /// setting with an error, and its own error about this setting is not reported.
    #[must_use]
    pub fn rule(
        mut self,
        rule: impl Fn(&Loaded) -> Vec<ConfigError> + Send + Sync + 'static,
    ) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    /// Adds a [`rule`](Self::rule) that a [`Watcher`](crate::Watcher) does not run at its reloads.
    /// An example is a check of a file that the process reads only at its start.
    #[must_use]
    pub fn start_rule(
        mut self,
        rule: impl Fn(&Loaded) -> Vec<ConfigError> + Send + Sync + 'static,
    ) -> Self {
        self.start_rules.push(Arc::new(rule));
        self
    }

    /// Removes the rules that only apply at a start.
    pub(crate) fn for_reloads(mut self) -> Self {
        self.start_rules.clear();
        self
    }

    /// Overrides the default of a setting, like [`Schema::with_default`].
    /// [`extend_schema`](Self::extend_schema) applies it to a schema.
    #[must_use]
    pub fn default_value(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.defaults.push((key.to_owned(), value.into()));
        self
    }

    /// Adds another environment variable for a setting, like [`Schema::with_variable`].
    /// [`extend_schema`](Self::extend_schema) applies it to a schema.
    #[must_use]
    pub fn variable(mut self, name: &str, key: &str) -> Self {
        self.variables.push(LegacyVariable::owned(name, key));
        self
    }

    /// Adds a variable of a legacy deployment. [`extend_schema`](Self::extend_schema) applies it to
    /// a schema.
    #[must_use]
    pub fn legacy_variable(mut self, variable: LegacyVariable) -> Self {
        self.variables.push(variable);
        self
    }

    /// Adds a key of legacy files. [`extend_schema`](Self::extend_schema) applies it to a schema.
    #[must_use]
    pub fn legacy_key(mut self, key: LegacyKey) -> Self {
        self.legacy_keys.push(key);
        self
    }

    /// Adds variables that name keys of files after a prefix, like [`Schema::with_legacy_prefix`].
    /// [`extend_schema`](Self::extend_schema) applies it to a schema.
    #[must_use]
    pub fn legacy_prefix(mut self, prefix: &str) -> Self {
        self.legacy_prefix = Some(prefix.to_owned());
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

    /// Adds the defaults, legacy keys and variables of this loader to a schema.
    #[must_use]
    pub fn extend_schema(&self, schema: Schema) -> Schema {
        let defaults = self.defaults.iter();
        let schema = defaults.fold(schema, |schema, (key, value)| {
            schema.with_default(key, value.clone())
        });
        let keys = self.legacy_keys.iter();
        let schema = keys.fold(schema, Schema::with_legacy_key);
        let prefix = self.legacy_prefix.as_deref();
        let schema = match prefix.filter(|_| self.reads_legacy_variables) {
            Some(prefix) => schema.with_legacy_prefix(prefix),
            None => schema,
        };
        self.legacy_variables()
            .fold(schema, Schema::with_legacy_variable)
    }

    /// The name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }
}
