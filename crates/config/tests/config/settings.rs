//! The settings of the tests: two types over one tree, with every kind of value.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by test files, each of which uses a part of it"
)]

use std::{collections::BTreeMap, fs, net::SocketAddr};

use schemars::JsonSchema;
use seaworthy_config::{Environment, Loader, Schema};
use seaworthy_core::{ByteSize, Ratio, Secret, Timeout};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// The settings of the framework.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Framework {
    /// The listeners.
    pub server: Server,
    /// The log.
    #[schemars(extend("x-reloadable" = true))]
    pub log: Log,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The public listener.
    pub http: Http,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The address to listen on.
    pub addr: SocketAddr,
    /// The timeout of a request.
    pub timeout: Timeout,
    /// The maximum size of a body, which
    /// is read in chunks.
    ///
    /// Not part of the example.
    pub max_body: ByteSize,
    /// The maximum number of connections.
    #[schemars(range(min = 1, max = 100_000))]
    pub connections: u32,
    /// The allowed origins of browsers.
    #[schemars(extend("x-reloadable" = true))]
    pub origins: Vec<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 8000)),
            timeout: Timeout::from_secs(5),
            max_body: ByteSize::mebibytes(2),
            connections: 10_000,
            origins: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The least important lines that are written.
    pub level: Level,
    /// The share of traces that are kept.
    pub sampling: Ratio,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: Level::Info,
            sampling: Ratio::percent(1),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Everything.
    Debug,
    /// The level that operators read.
    Info,
    /// A warning.
    Warn,
}

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hello {
    /// The greeting before the name.
    #[schemars(length(min = 1))]
    pub greeting: String,
    /// The store of names.
    pub store: Store,
    /// Limits by route.
    pub limits: BTreeMap<String, Limit>,
    /// A second greeting.
    pub farewell: Option<String>,
    /// The API key of the partner.
    #[serde(skip_serializing)]
    pub api_key: Option<Secret<String>>,
}

impl Default for Hello {
    fn default() -> Self {
        Self {
            greeting: "Hello".to_owned(),
            store: Store::Memory { entries: 100 },
            limits: BTreeMap::new(),
            farewell: None,
            api_key: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Store {
    /// In the process.
    Memory {
        /// The maximum number of names.
        entries: u32,
    },
    /// In Redis.
    Redis {
        /// The URL of Redis.
        url: String,
        /// The number of the database.
        #[serde(default)]
        database: u8,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limit {
    /// Requests per second.
    #[schemars(extend("x-reloadable" = true))]
    pub rate: u32,
}

pub fn schema() -> Schema {
    Schema::from_settings::<Framework>().with::<Hello>()
}

/// Returns a directory with these files.
pub fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// Returns a loader for a directory, without the variables of the process.
pub fn loader(directory: &TempDir) -> Loader {
    Loader::new("hello")
        .directory(directory.path())
        .environment(Environment::default())
}

/// Returns the errors of a load, without the random name of the directory.
pub fn load_errors(directory: &TempDir, loader: &Loader) -> String {
    let errors = match loader.load(&schema()) {
        Ok(loaded) => format!("no error: {}", loaded.show()),
        Err(errors) => errors.to_string(),
    };
    errors.replace(&format!("{}/", directory.path().display()), "")
}
