use seaworthy_core::{RequestContext, context};

use super::Origin;

/// The client of the current request, as the [`Origin`] of a session. Both texts are empty outside
/// of a request.
///
/// ```
/// use seaworthy_account::RequestOrigin;
///
/// let origin = RequestOrigin::current();
/// assert_eq!(origin.as_origin().address, "");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The client's IP address.
    pub address: String,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl RequestOrigin {
    /// Reads the client from the context of the current task.
    #[must_use]
    pub fn current() -> Self {
        context::with_current(|context| {
            let address = context.and_then(RequestContext::client_address);
            let user_agent = context.and_then(RequestContext::user_agent);
            Self {
                address: address.map_or_else(String::new, |address| address.to_string()),
                user_agent: user_agent.unwrap_or_default().to_owned(),
            }
        })
    }

    /// Returns the argument of [`Sessions::begin`](crate::Sessions::begin).
    #[must_use]
    pub fn as_origin(&self) -> Origin<'_> {
        Origin {
            user_agent: &self.user_agent,
            address: &self.address,
        }
    }
}
