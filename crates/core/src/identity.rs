use std::sync::Arc;

/// Who a log line, a metric or a span comes from (OBS-2). Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceIdentity(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    name: String,
    version: String,
    instance: String,
}

impl ServiceIdentity {
    /// Names a service and its version, and gives this process an instance identifier of its own.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            version: version.into(),
            instance: crate::new_id().to_string(),
        }))
    }

    /// The service's name, such as `event-service`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The version of the running build.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// An identifier that no other process shares.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.0.instance
    }
}
