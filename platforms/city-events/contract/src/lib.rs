//! What the services of City Events must agree on, so that it stands once: their gRPC contracts, the messages they publish, the claims of access tokens, and the
//! envelopes of their answers.
//!
//! ```
//! use city_events_contract::Role;
//!
//! assert!(Role::Admin >= Role::Moderator, "routes ask for \"at least\"");
//! ```

mod access;
mod body;
mod counters;
mod envelope;
mod generated;
mod hearing;
pub mod messages;
mod moment;
mod query;
mod revocation;
mod role;
mod service_calls;
#[cfg(feature = "testing")]
mod testing;
mod token_versions;

pub use access::{AccessConfig, OWN_MACHINE, bearer, bearer_of};
pub use body::object;
pub use counters::{Counters, CountersConfig, Limit, NotAdmitted};
pub use envelope::{Data, Fault, fault};
pub use generated::{
    DESCRIPTORS,
    city_events::{auth, event, join},
};
pub use hearing::hearing;
pub use moment::{Moment, NoMoment};
pub use query::QueryPairs;
pub use revocation::{ReadPosition, RevocationConfig};
pub use role::Role;
pub use service_calls::{
    AUTH_SERVICE, DOOR, PeopleAndServices, ServiceCallersConfig, ServiceCallsConfig,
};
#[cfg(feature = "testing")]
pub use testing::TestService;
pub use token_versions::{LONGEST_ACCESS_TOKEN, TOKEN_VERSION_MIGRATIONS, TokenVersions};
