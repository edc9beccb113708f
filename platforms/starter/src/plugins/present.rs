use seaworthy::{
    audit_log::AuditLog,
    config::{LegacyKey, LegacyVariable},
    contract::{AroundCalls, CallFuture, ContractConfig, MethodDescription},
    http::Authenticate,
    plugins::{Event, EventType, PluginAuthentication, Plugins, plugins_command},
    prelude::*,
    service::ServiceCommand,
};

use crate::{NAME, config::StarterConfig, domain::UserId};

const SANDBOX: &str = "remove it: plugins always run in the sandbox";

/// The variables of the contract for plugins.
pub(crate) const LEGACY_VARIABLES: &[LegacyVariable] = &[
    LegacyVariable::sets("PLUGINS_ENABLED", "plugins.enabled"),
    LegacyVariable::sets("PLUGINS_DIRECTORY", "plugins.directory"),
    LegacyVariable::sets("PLUGINS_CONFIG_DIRECTORY", "plugins.config_directory"),
    LegacyVariable::sets("PLUGINS_AUTO_LOAD", "plugins.auto_load"),
    LegacyVariable::accepts("PLUGINS_SANDBOX_ENABLED", &["true"], SANDBOX),
    LegacyVariable::sets("PLUGINS_MAX_MEMORY", "plugins.security.max_memory"),
    LegacyVariable::sets(
        "PLUGINS_MAX_CPU_PERCENT",
        "plugins.security.max_cpu_percent",
    ),
];

/// The keys of the contract for plugins.
pub(crate) const LEGACY_KEYS: &[LegacyKey] = &[LegacyKey::accepts(
    "plugins.security.sandbox_enabled",
    &["true"],
    SANDBOX,
)];

/// The plugins of the service.
#[derive(Debug, Clone)]
pub(crate) struct ServicePlugins(Plugins);

impl ServicePlugins {
    /// Opens the plugins without loading them.
    ///
    /// # Errors
    /// Those of [`Plugins::open`].
    pub(crate) fn open(service: &Assembly<StarterConfig>) -> Result<Self, StartError> {
        let plugins = Plugins::open(service, &service.settings().plugins)?;
        plugins.declare_decisions();
        Ok(Self(plugins))
    }

    /// Returns the command `plugins`.
    pub(crate) fn command() -> ServiceCommand<StarterConfig> {
        plugins_command(|service: &Assembly<StarterConfig>| service.settings().plugins.clone())
    }

    pub(crate) fn authentication<A: Authenticate>(&self, inner: A) -> PluginAuthentication<A> {
        self.0.authentication(inner)
    }

    /// Serves the plugins, and records each change of a plugin in the audit log.
    ///
    /// # Errors
    /// Those of [`Plugins::serve`].
    pub(crate) async fn serve(
        &self,
        service: &Assembly<StarterConfig>,
        audit: &AuditLog,
    ) -> Result<(), StartError> {
        self.0.record_changes(audit);
        self.0.serve(service).await
    }

    /// Asks the policies and calls the hooks around each unsafe call of a contract.
    pub(crate) fn around_calls(&self, config: ContractConfig) -> ContractConfig {
        config.with_around_calls(self.clone())
    }

    pub(crate) async fn around_data<T>(
        &self,
        operation: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.0.around_data(operation, work).await
    }

    pub(crate) fn logged_in(&self) {
        self.publish(Event::new(EventType::USER_LOGIN, NAME));
    }

    pub(crate) fn logged_out(&self) {
        self.publish(Event::new(EventType::USER_LOGOUT, NAME));
    }

    /// The request is anonymous, so the event names the new user.
    pub(crate) fn registered(&self, user: UserId) {
        let event = Event::new(EventType::DATA_CREATED, NAME).with_data("kind", "user");
        self.publish(event.with_data("user", user.to_string()));
    }

    /// Publishes an event with the user of the request.
    fn publish(&self, event: Event) {
        let user = context::with_current(|context| Some(context?.actor()?.as_str().to_owned()));
        let event = match user {
            Some(user) => event.with_data("user", user),
            None => event,
        };
        // Plugins see events at most once, so a full queue does not fail the request.
        if let Some(error) = self.0.events().publish_async(event).err() {
            tracing::warn!(problem = %error, "an event for plugins was dropped");
        }
    }
}

impl AroundCalls for ServicePlugins {
    fn around<'a>(&'a self, method: MethodDescription, call: CallFuture<'a>) -> CallFuture<'a> {
        let resource = method.grpc_path.trim_start_matches('/');
        Box::pin(self.0.around_call(method.name, resource, call))
    }
}
