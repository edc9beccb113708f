use seaworthy::prelude::*;

/// The settings of this service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SymbolsConfig {
    /// Where symbols are kept.
    pub(crate) store: StoreConfig,
}

/// A folder that version control leaves out.
const DEFAULT_URL: &str = "sqlite:data/symbols.db";
/// One writes at a time, and readers of a local file wait for its disk rather than for each other.
const DEFAULT_CONNECTIONS: u32 = 4;

/// The store.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoreConfig {
    /// The database file, such as sqlite:data/symbols.db. It is made where it is missing.
    pub(crate) url: String,
    /// How many connections are open at most.
    #[schemars(range(min = 1, max = 64))]
    pub(crate) connections: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: DEFAULT_URL.to_owned(),
            connections: DEFAULT_CONNECTIONS,
        }
    }
}
