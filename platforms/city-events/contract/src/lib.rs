//! The interfaces that the services of City Events share: gRPC contracts, messages, claims of
//! access tokens, and the JSON form of responses.
//!
//! ```
//! use city_events_contract::Role;
//!
//! assert!(Role::Admin >= Role::Moderator);
//! ```

mod access;
mod broker;
mod envelope;
mod generated;
pub mod groups;
mod join_errors;
mod json;
mod legacy;
pub mod messages;
mod pictures;
mod query;
mod rate_limits;
mod revocation;
mod role;
mod security_headers;
mod service_calls;
mod subscription;
#[cfg(feature = "testing")]
mod testing;
mod timestamp;
mod token_versions;

pub use access::{AccessConfig, LOOPBACK_NETWORKS, access_token_rules, bearer, bearer_from_issuer};
pub use broker::embedded_broker;
pub use envelope::{Data, ErrorResponse, too_many_requests};
pub use generated::{
    DESCRIPTORS,
    city_events::{auth, event, join},
};
pub use join_errors::join_error_code;
pub use json::json_object;
pub use legacy::{DEFAULT_MAX_CALLER_REQUESTS, DEVELOPMENT_ORIGINS, LOG_FORMAT, PUBLIC_METRICS};
pub use pictures::{InvalidFocus, InvalidPurpose, PictureFocus, PicturePurpose};
pub use query::QueryPairs;
pub use rate_limits::{Counters, Limit, LimitError, RateLimitStoreConfig};
pub use revocation::{ReadPosition, RevocationConfig};
pub use role::Role;
pub use security_headers::with_security_headers;
pub use service_calls::{
    AUTH_SERVICE, GATEWAY, ServiceCallersConfig, ServiceCallsConfig, UserOrServiceAuthentication,
};
pub use subscription::subscription_with_retries;
#[cfg(feature = "testing")]
pub use testing::{LegacyService, TestService};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use token_versions::{MAX_ACCESS_TOKEN_LIFETIME, TOKEN_VERSION_MIGRATIONS, TokenVersions};
