//! API keys (AUTH-5).

mod authentication;
mod config;
mod keys;

pub use authentication::{API_KEY_ROLE, ApiKeyAuthentication};
pub use config::ApiKeysConfig;
pub use keys::{API_KEY_MIGRATIONS, ApiKeyCaller, ApiKeySummary, ApiKeys, NewApiKey};
