//! A service of a compose file.

use std::ops::Range;

use super::EnvironmentVariable;
use crate::model::Fact;

/// A port made reachable from outside the compose network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    /// Address on the host. If it is empty, the port is open on every interface.
    pub host_address: String,
    /// Port on the host, when fixed and literal.
    pub host_port: Option<u16>,
    /// Port of the container, when literal.
    pub container_port: Option<u16>,
    /// The location of the mapping.
    pub span: Range<usize>,
}

impl PublishedPort {
    /// Whether only the host itself can reach it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host_address.starts_with("127.")
            || self.host_address == "::1"
            || self.host_address == "localhost"
    }
}

/// One entry under `services:`.
#[derive(Debug, Clone)]
pub struct ComposeService {
    /// The key of the entry.
    pub name: String,
    /// `hostname:` and its location.
    pub hostname: Option<(String, Range<usize>)>,
    /// `image:` and its location.
    pub image_span: Option<Range<usize>>,
    /// `image:`.
    pub image: Option<String>,
    /// Build context, relative to the root, when the service is built here.
    pub context: Option<String>,
    /// Build context as the file writes it, with its place.
    pub context_span: Option<(String, Range<usize>)>,
    /// Dockerfile path, relative to the root.
    pub dockerfile: Option<String>,
    /// `target:` of the build.
    pub target: Option<String>,
    /// `ports:`.
    pub ports: Vec<PublishedPort>,
    /// The variables of `environment:`. The value is absent if the variable comes from the host.
    pub environment: Vec<EnvironmentVariable>,
    /// `env_file:` paths, relative to the root.
    pub env_files: Vec<String>,
    /// `volumes:` as written in short form, `source:target` for the long one.
    pub volumes: Vec<(String, Range<usize>)>,
    /// Whether memory is limited. Also `true` if a merge or an extension may limit it.
    pub limits_memory: bool,
    /// Whether the entry states if the container starts again after a failure. `restart: "no"` is
    /// such a statement, for example of a migration.
    pub has_restart_policy: bool,
    /// `healthcheck.test:` as words, the `CMD` or `CMD-SHELL` mark removed.
    pub healthcheck: Option<(Vec<String>, Range<usize>)>,
    /// `command:` or `entrypoint:` as words.
    pub command: Vec<String>,
    /// The location of `command:` or `entrypoint:`.
    pub command_span: Option<Range<usize>>,
    /// The entries of `depends_on:`, and whether the start waits until they are healthy.
    pub depends_on: Vec<(String, bool)>,
    /// The location of `depends_on:`.
    pub depends_on_span: Option<Range<usize>>,
    /// `stop_grace_period:` in its own notation.
    pub stop_grace_period: Option<String>,
    /// `profiles:`.
    pub profiles: Vec<String>,
}

impl Fact for ComposeService {
    const KIND: &'static str = "compose services";
}
