//! The owner of the data that a request creates.

use seaworthy_core::{RequestContext, context, network_of};

/// The owner of a client without an address, and the prefix of all other anonymous owners.
const ANONYMOUS: &str = "anonymous";

/// Returns the owner of the data that this request creates: the authenticated user, or the network
/// of an anonymous client. So one client can neither use the quota of all others nor read their
/// data.
#[must_use]
pub fn request_owner() -> String {
    context::with_current(
        |context| match context.and_then(|context| context.actor().cloned()) {
            Some(actor) => actor.as_str().to_owned(),
            None => anonymous_owner(context),
        },
    )
}

/// Returns the owner of anonymous data for the network of a client.
fn anonymous_owner(context: Option<&RequestContext>) -> String {
    let address = context.and_then(RequestContext::client_address);
    address.map_or_else(
        || ANONYMOUS.to_owned(),
        |address| format!("{ANONYMOUS}:{}", network_of(address)),
    )
}

/// Returns whether an owner is not authenticated.
#[must_use]
pub fn is_anonymous_owner(owner: &str) -> bool {
    let rest = owner.strip_prefix(ANONYMOUS);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use seaworthy_core::ServiceIdentity;

    use super::*;

    fn owner_at(address: &str) -> String {
        let request = RequestContext::background(ServiceIdentity::new("files", "1"))
            .with_client_address(address.parse().unwrap());
        context::sync_scope(request.into(), request_owner)
    }

    #[test]
    fn anonymous_clients_are_owners_by_network_file_1() {
        let [first, second, near] = ["203.0.113.7", "203.0.113.8", "2001:db8::1"].map(owner_at);
        assert_eq!(first, "anonymous:203.0.113.7");
        assert_ne!(first, second);
        assert_eq!(near, owner_at("2001:db8::2"));
        assert!(is_anonymous_owner(&first) && is_anonymous_owner(ANONYMOUS));
        assert!(!is_anonymous_owner("anonymouse"));
    }
}
