//! The one context of a request, by type (CORE-2).
//!
//! It travels in the task, so code deep in a call tree reaches it without a parameter and without a string key. A task that is spawned through the
//! service's own spawn, or whose future is wrapped in [`scope`], sees it too; a bare `tokio::spawn` starts with none.
//!
//! ```
//! use seaworthy_core::{RequestContext, ServiceIdentity, context};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
//! let expected = request.request_id().clone();
//! context::scope(request.into(), async move {
//!     let current = context::current().unwrap();
//!     assert_eq!(current.request_id(), &expected);
//! })
//! .await;
//! # });
//! ```

use std::{
    fmt,
    future::Future,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use tokio::task::futures::TaskLocalFuture;

use crate::{Deadline, Grants, RequestId, ServiceIdentity, TraceContext};

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// What every layer may know about the request it serves.
#[derive(Debug)]
pub struct RequestContext {
    service: ServiceIdentity,
    request_id: RequestId,
    trace: TraceContext,
    deadline: Option<Deadline>,
    client_address: Option<IpAddr>,
    user_agent: Option<Box<str>>,
    actor: OnceLock<Actor>,
    tenant: OnceLock<Tenant>,
    grants: OnceLock<Grants>,
}

/// Who acts: the subject that authentication has proved.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Actor(Arc<str>);

/// On whose behalf data is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Actor {
    /// An actor by identifier. Use an opaque identifier, never a name or an address: it appears in logs.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl Tenant {
    /// A tenant by identifier.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RequestContext {
    /// The context of a request that came from outside.
    #[must_use]
    pub fn new(service: ServiceIdentity, request_id: RequestId, trace: TraceContext) -> Self {
        Self {
            service,
            request_id,
            trace,
            deadline: None,
            client_address: None,
            user_agent: None,
            actor: OnceLock::new(),
            tenant: OnceLock::new(),
            grants: OnceLock::new(),
        }
    }

    /// The context of work that the service does on its own account: a new request ID, a new trace.
    #[must_use]
    pub fn background(service: ServiceIdentity) -> Self {
        Self::new(service, RequestId::generate(), TraceContext::root(false))
    }

    /// Sets the deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets the client's address as it was read through trusted proxies (SEC-6).
    #[must_use]
    pub fn with_client_address(mut self, address: IpAddr) -> Self {
        self.client_address = Some(address);
        self
    }

    /// Sets the client's `User-Agent`.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<Box<str>>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// The same request under another span: what a call out of this service runs in.
    #[must_use]
    pub fn with_trace(&self, trace: TraceContext) -> Self {
        self.copy(trace, self.deadline)
    }

    /// The same request without its deadline: what records the outcome of a request runs in it, also where the deadline has passed.
    #[must_use]
    pub fn without_deadline(&self) -> Self {
        self.copy(self.trace.clone(), None)
    }

    fn copy(&self, trace: TraceContext, deadline: Option<Deadline>) -> Self {
        Self {
            service: self.service.clone(),
            request_id: self.request_id.clone(),
            trace,
            deadline,
            client_address: self.client_address,
            user_agent: self.user_agent.clone(),
            actor: self.actor.clone(),
            tenant: self.tenant.clone(),
            grants: self.grants.clone(),
        }
    }

    /// The service that handles the request.
    #[must_use]
    pub fn service(&self) -> &ServiceIdentity {
        &self.service
    }

    /// The request's identifier.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The place in the distributed trace: this service's own span.
    #[must_use]
    pub fn trace(&self) -> &TraceContext {
        &self.trace
    }

    /// When nobody waits any more.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// The client's address.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client_address
    }

    /// The client's `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Who acts, once authentication has said so.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.get()
    }

    /// On whose behalf.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.get()
    }

    /// What the actor may do; nothing until authentication has said so.
    #[must_use]
    pub fn grants(&self) -> Grants {
        self.grants.get().cloned().unwrap_or_default()
    }

    /// Records who acts. The first word counts: a later one is ignored and `false` is returned.
    pub fn set_actor(&self, actor: Actor) -> bool {
        self.actor.set(actor).is_ok()
    }

    /// Records the tenant. The first word counts: a later one is ignored and `false` is returned.
    pub fn set_tenant(&self, tenant: Tenant) -> bool {
        self.tenant.set(tenant).is_ok()
    }

    /// Records what the actor may do. The first word counts: a later one is ignored and `false` is returned.
    pub fn set_grants(&self, grants: Grants) -> bool {
        self.grants.set(grants).is_ok()
    }
}

/// The context of the running task, if it has one.
#[must_use]
pub fn current() -> Option<Arc<RequestContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Calls `read` once, with the context of the running task if it has one, without touching its reference count: for log lines.
pub fn with_current<R>(mut read: impl FnMut(Option<&RequestContext>) -> R) -> R {
    match CURRENT.try_with(|context| read(Some(context))) {
        Ok(result) => result,
        Err(_no_context) => read(None),
    }
}

/// Runs a future inside a context.
pub fn scope<F: Future>(
    context: Arc<RequestContext>,
    future: F,
) -> TaskLocalFuture<Arc<RequestContext>, F> {
    CURRENT.scope(context, future)
}

/// Runs a closure inside a context.
pub fn sync_scope<R>(context: Arc<RequestContext>, run: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(context, run)
}
