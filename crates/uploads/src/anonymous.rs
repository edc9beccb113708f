//! Uploads without authentication.

use seaworthy_core::{Timeout, context, network_of};

/// The owner of uploads of a client without an address, and the prefix of all others.
const ANONYMOUS: &str = "anonymous";
/// An anonymous client has fewer incomplete uploads, because it can change its network.
pub(crate) const MAX_OPEN: u32 = 5;
/// A connection that is lost for longer begins again.
pub(crate) const PENDING_TTL: Timeout = Timeout::from_secs(60 * 60);

/// Returns the owner of the uploads of this request: the authenticated user, or the network of an
/// anonymous client, so that one client cannot use the quota of all others.
pub(crate) fn owner() -> String {
    context::with_current(|context| {
        if let Some(actor) = context.and_then(|context| context.actor()) {
            return actor.as_str().to_owned();
        }
        let address = context.and_then(|context| context.client_address());
        address.map_or_else(
            || ANONYMOUS.to_owned(),
            |address| format!("{ANONYMOUS}:{}", network_of(address)),
        )
    })
}

/// Returns whether an owner is not authenticated.
pub(crate) fn is_anonymous(owner: &str) -> bool {
    let rest = owner.strip_prefix(ANONYMOUS);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use seaworthy_core::{RequestContext, ServiceIdentity};

    use super::*;

    fn owner_at(address: &str) -> String {
        let request = RequestContext::background(ServiceIdentity::new("files", "1"))
            .with_client_address(address.parse().unwrap());
        context::sync_scope(request.into(), owner)
    }

    #[test]
    fn anonymous_clients_have_quotas_by_network_file_1() {
        let [first, second, near] = ["203.0.113.7", "203.0.113.8", "2001:db8::1"].map(owner_at);
        assert_eq!(first, "anonymous:203.0.113.7");
        assert_ne!(first, second);
        assert_eq!(near, owner_at("2001:db8::2"));
        assert!(is_anonymous(&first) && is_anonymous(ANONYMOUS));
        assert!(!is_anonymous("anonymouse"));
    }
}
