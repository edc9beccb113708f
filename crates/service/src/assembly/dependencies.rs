//! Clients and connections of a service.

use std::{error::Error as StdError, future::Future, sync::Arc};

use futures::{
    FutureExt as _,
    future::{BoxFuture, ready},
};
use seaworthy_client::{BuildError, HttpClient, HttpClientBuilder, HttpResponse};
use seaworthy_config::Settings;
use seaworthy_core::error_chain;
use seaworthy_health::{CheckFailure, Probe};

use super::Assembly;
use crate::{
    config::GrpcClientConfig,
    dependency::{ConnectError, Dependency, Optional, connect},
    start_error::StartError,
};

impl<C: Settings> Assembly<C> {
    /// Creates an HTTP client for the dependency at `clients.NAME.base_url`, with the settings
    /// `clients.NAME`. All limits have defaults. Clients of one name share one circuit breaker and
    /// one retry budget.
    ///
    /// A client whose requests name whole URLs needs no `base_url`: build it with
    /// [`http_client_builder`](Self::http_client_builder).
    ///
    /// # Errors
    /// [`BuildError`] if `base_url` is not set, or a TLS file cannot be used.
    pub fn http_client(&self, name: &str) -> Result<HttpClient, BuildError> {
        self.http_client_builder(name).require_base_url().build()
    }

    /// Registers an optional check: a GET of `path` must get a status from 200 to 299. While it
    /// does not, the service is degraded (HLTH-4).
    pub fn check_http(&self, name: &str, client: &HttpClient, path: &str) {
        let (client, path): (_, Arc<str>) = (client.clone(), path.into());
        let check = move || {
            let (client, path) = (client.clone(), Arc::clone(&path));
            async move {
                let answer = client.get(&*path).send().await;
                let accepted = answer.and_then(HttpResponse::success);
                accepted
                    .map(drop)
                    .map_err(|error| CheckFailure::new(error_chain(&error).to_string()))
            }
        };
        self.health().register(Probe::optional(name, check));
    }

    /// Returns the builder of the client, for example to add
    /// [credentials](HttpClientBuilder::credentials). Its client needs no `base_url`. A reload
    /// applies changes of `clients.NAME` to the client (CONF-4).
    #[must_use]
    pub fn http_client_builder(&self, name: &str) -> HttpClientBuilder {
        self.declare_http_client(name);
        let parts = &self.parts;
        let builder = HttpClient::builder(name);
        let builder = match parts.framework.clients.get(name) {
            Some(config) => builder.config(config.clone()),
            None => builder,
        };
        let agent = format!("{}/{}", parts.identity.name(), parts.identity.version());
        builder
            .follow(&parts.http_clients, name)
            .policies(parts.resilience.dependency(name))
            .metrics(parts.telemetry.metrics())
            .tracer(parts.telemetry.tracer())
            .user_agent(&agent)
    }

    /// Accepts settings `clients.NAME` for a client that this start does not build, such as one of
    /// a feature that is off. Settings of any other name are an error of the start.
    pub fn declare_http_client(&self, name: &str) {
        let mut added = self.parts.added.lock();
        added.http_clients.insert(name.to_owned());
    }

    /// Returns the settings `grpc_clients.NAME`, and accepts that name. Settings of any other name
    /// are an error of the start.
    #[must_use]
    pub fn grpc_client_config(&self, name: &str) -> Option<GrpcClientConfig> {
        let mut added = self.parts.added.lock();
        added.grpc_clients.insert(name.to_owned());
        self.parts.framework.grpc_clients.get(name).cloned()
    }

    /// Connects a critical dependency (LIFE-2). Retries with exponential backoff until an attempt
    /// succeeds or `connect.total_timeout` expires. Until then the service is alive and not ready,
    /// and probes name the dependency. Use `tokio::try_join!` to connect several concurrently.
    ///
    /// # Errors
    /// [`ConnectError`] with the error of the last attempt after the timeout.
    pub async fn connect<T, E, A, F>(
        &self,
        dependency: impl Into<Dependency>,
        attempt: A,
    ) -> Result<T, ConnectError>
    where
        A: Fn() -> F,
        F: Future<Output = Result<T, E>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let limits = &self.parts.framework.connect;
        let dependency = dependency.into();
        let health = &self.parts.health;
        let connected = connect(
            &dependency,
            limits,
            Some(limits.total_timeout),
            Some(health),
            attempt,
        )
        .await?;
        if let Some(probe) = dependency.probe() {
            health.register(Probe::critical(dependency.name(), probe));
        }
        Ok(connected)
    }

    /// Connects an optional dependency in the background (LIFE-7). Retries until an attempt
    /// succeeds. Until then readiness is `degraded`, and every use of the dependency fails
    /// immediately.
    pub fn connect_optional<T, E, A, F>(
        &self,
        dependency: impl Into<Dependency>,
        attempt: A,
    ) -> Optional<T>
    where
        A: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + Send + 'static,
        T: Send + Sync + 'static,
    {
        let dependency = dependency.into();
        let probe = dependency.probe();
        let check = move |_: &T| match &probe {
            Some(check) => check(),
            None => ready(Ok(())).boxed(),
        };
        self.connect_optional_with_check(dependency, check, attempt)
    }

    /// Connects a dependency as [`connect_optional`](Self::connect_optional) does. Readiness calls
    /// `check` from the first connection on, and is `degraded` while it fails.
    pub fn connect_optional_with_check<T, E, A, F, K>(
        &self,
        dependency: impl Into<Dependency>,
        check: K,
        attempt: A,
    ) -> Optional<T>
    where
        K: Fn(&T) -> BoxFuture<'static, Result<(), CheckFailure>> + Send + Sync + 'static,
        A: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + Send + 'static,
        T: Send + Sync + 'static,
    {
        let dependency = dependency.into();
        let optional = Optional::new(dependency.name().into());
        let watched = optional.clone();
        self.parts
            .health
            .register(Probe::optional(dependency.name(), move || {
                let checked = watched.get().map(&check);
                async move {
                    match checked {
                        Ok(checked) => checked.await,
                        Err(error) => Err(CheckFailure::new(error.to_string())),
                    }
                }
            }));
        let connected = optional.clone();
        let limits = self.parts.framework.connect.clone();
        let stop = self.parts.tasks.stop().clone();
        self.parts.tasks.spawn(format!("connect {}", dependency.name()), async move {
            tokio::select! {
                result = connect(&dependency, &limits, None, None, attempt) => if let Ok(value) = result { connected.set(value) },
                () = stop.requested() => {}
            }
        });
        optional
    }
}

impl From<ConnectError> for StartError {
    fn from(error: ConnectError) -> Self {
        Self::with_cause("a dependency cannot be connected", error)
    }
}

impl From<BuildError> for StartError {
    fn from(error: BuildError) -> Self {
        Self::with_cause("a client cannot be created", error)
    }
}
