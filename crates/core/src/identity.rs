use std::sync::Arc;

/// Name, version and instance of a service, for logs, metrics and spans (OBS-2). Cheap to clone.
///
/// ```
/// use seaworthy_core::ServiceIdentity;
///
/// let identity = ServiceIdentity::new("orders", "1.0.0");
/// assert_eq!(identity.name(), "orders");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceIdentity(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    name: String,
    version: String,
    instance: String,
}

impl ServiceIdentity {
    /// Creates an identity with a new instance identifier.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            version: version.into(),
            instance: crate::new_id().to_string(),
        }))
    }

    /// Returns the name, such as `event-service`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the version of the running build.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// Returns the identifier of this instance, which is unique across processes.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.0.instance
    }
}
